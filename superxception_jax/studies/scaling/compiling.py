"""The compilations of a study: each in its own process, kept on disk, and never done twice."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from superxception_jax.commands import build_config
from superxception_jax.files import load_json, write_json
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.provenance import digest_program
from superxception_jax.studies.scaling.case import (
    COMPILED,
    FAILED,
    PENDING,
    TOO_LARGE,
    Case,
    Compiled,
    case_key,
)
from superxception_jax.studies.scaling.child_process import run_modules
from superxception_jax.studies.scaling.topology import ENVIRONMENT, compiler_versions

MODULE = "superxception_jax.studies.scaling.compile_process"
# Fields of the section `training` that steer its loop only; whatever else is there enters a step.
LOOP_FIELDS = ("kept", "patience_epochs", "devices", "checkpoint_every_steps", "log_every_steps")


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

    def experiment(self, case: Case, *, implementation: str = "auto") -> Experiment:
        """Return the experiment of a case.

        Args:
            case: The case.
            implementation: Forms of the operations; "auto" for those of the devices.

        Raises:
            ValueError: The config doesn't allow it, such as a batch of the wrong size.
        """
        forms = f"model.implementation={implementation}"
        overrides = (*self.overrides, *case.overrides, forms)
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
            log = path.with_suffix(".log")
            problem = run_modules(
                [(MODULE, str(task), str(result))],
                log=log,
                limit_s=self.limit_s,
                environment=ENVIRONMENT,
            )
            if problem:
                return Compiled(FAILED, message=f"the compiler {problem} (see {log})")
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
        return self.folder / f"{case_key(case, describe_program(experiment.config), versions)}.json"


def describe_program(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what determines a training step: fields of its config, source and packages.

    Args:
        config: JSON values of the config, `Experiment.config`.
    """
    training = {
        name: value for name, value in config["training"].items() if name not in LOOP_FIELDS
    }
    sections = ("model", "super_resolution", "augmentation", "optimizer")
    return {
        **{name: config[name] for name in sections},
        "image_px": config["normalization"]["image_px"],
        "training": training,
        "source": digest_program("models", "training"),
        "packages": {name: metadata.version(name) for name in ("flax", "optax")},
    }
