"""Run folders: the names of their files, and which run they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from superxception_jax.files import load_json, write_json
from superxception_jax.runs.experiment import Experiment, config_differences, config_from_json
from superxception_jax.runs.provenance import TrainingRecord
from superxception_jax.runs.stored_config import upgrade_config

CONFIG_FILE = "config.json"
ENVIRONMENT_FILE = "environment.json"
CALIBRATION_FILE = "calibration.json"


def claim_workdir(workdir: Path, experiment: Experiment) -> None:
    """Create a run folder, or check that it belongs to the same config.

    Args:
        workdir: Run folder.
        experiment: Experiment whose config is stored or compared.

    Raises:
        ValueError: The folder belongs to something else, see `check_workdir`.
    """
    check_workdir(workdir, experiment, flag="--workdir")
    if not holds_run(workdir):
        workdir.mkdir(parents=True, exist_ok=True)
        write_json(workdir / CONFIG_FILE, experiment.config)


def check_workdir(workdir: Path, experiment: Experiment, *, flag: str) -> None:
    """Check that a folder is free for a run, or belongs to the same config; write nothing.

    Args:
        workdir: Run folder.
        experiment: Experiment whose config is compared.
        flag: Flag that names the folder, for the message.

    Raises:
        ValueError: The folder holds other files, or a run of another config.
    """
    if holds_run(workdir):
        differences = config_differences(
            upgrade_config(_stored_values(workdir))[0], experiment.config
        )
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
    """Return whether a folder holds a run, finished or not."""
    return (workdir / CONFIG_FILE).is_file()


def load_config(workdir: Path) -> ConfigDict:
    """Return the config that a run was started with.

    A config of an earlier version is filled with the values that it meant, and one printed line
    says so.

    Args:
        workdir: Run folder, or an exported network; see `holds_run`.

    Returns:
        The locked config.

    Raises:
        ValueError: The stored config can't be read.
    """
    values, changes = upgrade_config(_stored_values(workdir))
    if changes:
        print(
            f"{workdir / CONFIG_FILE} is of an earlier version and was read with the values that "
            f"it meant: {', '.join(changes)}",
            flush=True,
        )
    return config_from_json(values)


def load_training_record(workdir: Path) -> TrainingRecord:
    """Return the provenance of a run's training and its overrides.

    Args:
        workdir: Run folder, or an exported network.
    """
    values = load_json(
        workdir / ENVIRONMENT_FILE,
        content="the provenance of a run",
        remedy="restore it from a copy",
        keys=("trainings",),
    )
    return TrainingRecord.from_json(values)


def _stored_values(workdir: Path) -> dict[str, Any]:
    return load_json(
        workdir / CONFIG_FILE,
        content="the config of a run",
        remedy="restore it from a copy, or start the run again in another folder",
        keys=("model", "training"),
    )
