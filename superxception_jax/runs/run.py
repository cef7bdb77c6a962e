"""A run from data to report: what `launch/main.py` and `launch/evaluate.py` do."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from superxception_jax.commands import Interrupted
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.experiment import Experiment, config_differences, config_from_json
from superxception_jax.runs.provenance import describe_environment
from superxception_jax.runs.report import write_report
from superxception_jax.runs.setup import (
    describe,
    load_best,
    parameter_table,
    set_up,
)
from superxception_jax.runs.train import train_network
from superxception_jax.training.checkpoint import LATEST, Checkpoints

CONFIG_FILE = "config.json"
ENVIRONMENT_FILE = "environment.json"


def train_and_test(
    experiment: Experiment, workdir: Path, *, overrides: Mapping[str, Any]
) -> list[Path]:
    """Train an experiment, or go on with it, and test its best checkpoint.

    Args:
        experiment: the checked config.
        workdir: folder of the run; made if absent, gone on with if it holds the same config.
        overrides: of the config, stored with the run.

    Returns:
        The files written for the reader.

    Raises:
        ValueError: `workdir` holds something else.
        Interrupted: a stop was requested; calling again goes on.
        NonFiniteLossError: with the steps concerned.
    """
    claim_workdir(workdir, experiment)
    setup = set_up(experiment)
    environment = describe_environment()
    write_text(workdir / "parameters.txt", parameter_table(setup))
    stored = workdir / ENVIRONMENT_FILE
    if stored.is_file():
        # Going on needs no config on the command line; what the run was started with stays.
        overrides = json.loads(stored.read_text(encoding="utf-8"))["overrides"]
    write_json(stored, {**environment, "overrides": dict(overrides)})
    print(describe(setup, workdir), flush=True)
    checkpoints = Checkpoints(workdir / "checkpoints")
    try:
        progress = train_network(setup, workdir, checkpoints)
        variables = load_best(setup, checkpoints)
    except Interrupted as stop:
        stop.add_note(f"Go on with: python launch/main.py --workdir={shlex.quote(str(workdir))}")
        raise
    finally:
        checkpoints.close()
    return write_report(
        setup,
        workdir,
        variables=variables,
        split="test",
        facts={"progress": progress, "environment": environment},
    )


def evaluate_run(experiment: Experiment, workdir: Path, *, split: str) -> list[Path]:
    """Evaluate the best checkpoint of a run once more.

    Args:
        experiment: of the run's own config.
        workdir: folder of the run.
        split: train, validation or test.

    Returns:
        The files written.

    Raises:
        FileNotFoundError: the run has no checkpoint yet.
    """
    setup = set_up(experiment)
    checkpoints = Checkpoints(workdir / "checkpoints")
    try:
        variables = load_best(setup, checkpoints)
        # Of the whole training, not of the time until the best checkpoint.
        progress = checkpoints.progress(LATEST)
    finally:
        checkpoints.close()
    facts = {"progress": progress, "environment": describe_environment()}
    return write_report(setup, workdir, variables=variables, split=split, facts=facts)


def claim_workdir(workdir: Path, experiment: Experiment) -> None:
    """Make the folder of a run, or check that it belongs to the same config.

    Args:
        workdir: folder of the run.
        experiment: whose config is stored or compared.

    Raises:
        ValueError: see `check_workdir`.
    """
    check_workdir(workdir, experiment, flag="--workdir")
    if not holds_run(workdir):
        workdir.mkdir(parents=True, exist_ok=True)
        write_json(workdir / CONFIG_FILE, experiment.config)


def check_workdir(workdir: Path, experiment: Experiment, *, flag: str) -> None:
    """Check that a folder is free for a run, or belongs to the same config.

    Args:
        workdir: folder of the run; nothing is written.
        experiment: whose config is compared.
        flag: that names the folder, for the message.

    Raises:
        ValueError: the folder holds other things, or a run of another config.
    """
    if holds_run(workdir):
        differences = config_differences(_stored_values(workdir), experiment.config)
        if differences:
            raise ValueError(
                f"`{flag}` must hold a run of the same config, got `{workdir}` with another "
                "one; choose another folder. Differences (there → here):\n  "
                + "\n  ".join(differences)
            )
        return
    if workdir.exists() and any(workdir.iterdir()):
        raise ValueError(
            f"`{flag}` must be empty or hold a run, got `{workdir}` with other files; "
            "choose another folder."
        )


def holds_run(workdir: Path) -> bool:
    """Tell whether a folder holds a run, finished or not."""
    return (workdir / CONFIG_FILE).is_file()


def load_config(workdir: Path) -> ConfigDict:
    """Read the config that a run was started with.

    Args:
        workdir: folder of the run; see `holds_run`.

    Returns:
        The locked config.
    """
    return config_from_json(_stored_values(workdir))


def _stored_values(workdir: Path) -> dict[str, Any]:
    return json.loads((workdir / CONFIG_FILE).read_text(encoding="utf-8"))
