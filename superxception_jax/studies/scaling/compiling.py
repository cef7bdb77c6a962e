"""The compilations of a study: each in its own process, kept on disk, and never done twice."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superxception_jax.commands import build_config
from superxception_jax.files import load_json, write_json
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.provenance import PROJECT
from superxception_jax.studies.scaling.case import (
    COMPILED,
    FAILED,
    PENDING,
    TOO_LARGE,
    Case,
    Compiled,
    case_key,
)
from superxception_jax.studies.scaling.topology import compiler_versions, environment

MODULE = "superxception_jax.studies.scaling.compile_process"


@dataclass(frozen=True)
class Compiler:
    """The compiler of the cases of one config, with its results on disk.

    Attributes:
        config_file: Config file and preset.
        overrides: Fields of the config given by the user.
        folder: Folder of the results.
        limit_s: Seconds after which a compilation is given up.
    """

    config_file: str
    overrides: tuple[str, ...]
    folder: Path
    limit_s: float

    def experiment(self, case: Case) -> Experiment:
        """Return the experiment of a case.

        Args:
            case: The case.

        Raises:
            ValueError: The config doesn't allow it, such as a batch of the wrong size.
        """
        overrides = (*self.overrides, *case.overrides)
        return build_experiment(build_config(self.config_file, overrides=overrides))

    def stored(self, case: Case) -> Compiled:
        """Return the result of a case if it is known, and otherwise one that is pending.

        Args:
            case: The case.
        """
        path = self._path(case, self.experiment(case))
        if not path.is_file():
            return Compiled(PENDING, message="not compiled yet")
        stored = load_json(
            path, content="a compilation", remedy="delete it", keys=("case", "config", "result")
        )
        return Compiled.from_json(stored["result"])

    def compile(self, case: Case) -> Compiled:
        """Compile a case in a process of its own, and keep the result.

        Args:
            case: The case.

        Returns:
            The result. One that failed, other than for lack of memory on the chip, is not kept:
            another call tries again.
        """
        experiment = self.experiment(case)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(case, experiment)
        task = path.with_suffix(".task")
        result = path.with_suffix(".result")
        values = {"case": dataclasses.asdict(case), "config": dict(experiment.config)}
        write_json(task, values)
        try:
            problem = run_compilation(
                task, result, log=path.with_suffix(".log"), limit_s=self.limit_s
            )
            if problem:
                return Compiled(FAILED, message=problem)
            stored = load_json(result, content="a compilation", remedy="run it again")
            compiled = Compiled.from_json(stored["result"])
            if compiled.status in (COMPILED, TOO_LARGE):
                os.replace(result, path)
            return compiled
        finally:
            task.unlink(missing_ok=True)
            result.unlink(missing_ok=True)

    def _path(self, case: Case, experiment: Experiment) -> Path:
        versions = compiler_versions()
        return self.folder / f"{case_key(case, describe_program(experiment), versions)}.json"


def describe_program(experiment: Experiment) -> Mapping[str, Any]:
    """Return what determines the training step of an experiment.

    Args:
        experiment: Checked experiment.
    """
    return {
        "model": dict(experiment.model),
        "step": {name: repr(value) for name, value in experiment.step_options.items()},
        "optimizer": repr(experiment.optimizer),
        "frozen": experiment.frozen,
        "image_px": experiment.normalization.image_px,
    }


def run_compilation(task: Path, result: Path, *, log: Path, limit_s: float) -> str:
    """Run the process of a compilation, and return what went wrong; empty if nothing did.

    Args:
        task: File of the case.
        result: File that the process writes.
        log: File of its output, deleted where nothing went wrong.
        limit_s: Seconds after which it is ended.
    """
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", MODULE, str(task), str(result)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment(), "PYTHONPATH": os.pathsep.join(paths)},
        )
        try:
            code = process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            return f"the compiler was ended after {limit_s / 60:.0f} minutes; raise the limit"
        finally:
            process.kill()
            process.wait()
    if code == 0 and result.is_file():
        log.unlink(missing_ok=True)
        return ""
    how = f"exit status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
    return f"the compiler ended with {how}: {last} (see {log})"
