"""Run folders: the names of their files, and which run they belong to.

A run keeps its data folders, and the weights that it starts from, as absolute paths, so that they
are the same from any directory. Folders are places and no settings: a run whose data, or that
itself, has moved is resumed or evaluated with the new folder, and its stored split decides whether
the images are the same; a resumption keeps the new folder, as it keeps the other `FREE_FIELDS`. The
folder of cells without labels is a setting: what was read in it is kept, and no split names it.
"""

from __future__ import annotations

import contextlib
import itertools
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from superxception_jax.files import absolute_path, damaged, load_json, write_json
from superxception_jax.runs.config.config_values import (
    config_differences,
    config_from_json,
    with_canvas_as_zero,
    without_fields,
)
from superxception_jax.runs.config.stored_config import upgrade_config
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.included import absolute_weights
from superxception_jax.runs.kinds import check_kinds
from superxception_jax.runs.lock import LOCK_FILE, locked_run
from superxception_jax.runs.provenance import TrainingRecord

CONFIG_FILE = "config.json"
ENVIRONMENT_FILE = "environment.json"
CALIBRATION_FILE = "calibration.json"
SPLIT_FILE = "split.json.gz"
# What the files hold and what to do about a damaged one, as `files.damaged` takes them.
_CONFIG = {
    "content": "the config of a run",
    "remedy": "restore it from a copy, or start the run again in another folder",
}
_PROVENANCE = {"content": "the provenance of a run", "remedy": "restore it from a copy"}
# Fields of the section `data` that name folders; those of labelled images, and that of the others.
_LABELLED_PLACES = ("data_dir", "manual_dir", "own_folder")
PLACES = (*_LABELLED_PLACES, "unlabelled_folder")
# Section and name of the fields that name weights.
WEIGHTS = (("model", "init_from"), ("data", "unlabelled_reader"))
# Fields that change no result but by the rounding of sums, and depend on the computer.
FREE_FIELDS = ("training.devices", "data.memory_share", "evaluation.batch_size")


def make_workdir(runs: Path, name: str) -> Path:
    """Make a run folder that no other process has, and return it.

    Args:
        runs: Folder of the runs; made if absent.
        name: Name of the folder; `-2`, `-3` and so on are appended if it exists.
    """
    runs.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        workdir = runs / (name if number == 1 else f"{name}-{number}")
        # Of two processes that ask for the same folder, the system gives it to one.
        with contextlib.suppress(FileExistsError):
            workdir.mkdir()
            return workdir
    raise AssertionError("unreachable")


@contextlib.contextmanager
def claimed_workdir(workdir: Path, experiment: Experiment) -> Iterator[None]:
    """Hold a run folder for a config: a new one, or one of a run of the same config.

    Args:
        workdir: Run folder; made if absent.
        experiment: Experiment whose config is stored, with absolute paths, or compared.

    Yields:
        Nothing; meanwhile no other process works on the run.

    Raises:
        ValueError: The folder belongs to something else, see `check_workdir`, or another process
            works on it.
    """
    check_workdir(workdir, experiment, flag="--workdir")
    workdir.mkdir(parents=True, exist_ok=True)
    with locked_run(workdir):
        # Another process may have claimed the folder since.
        check_workdir(workdir, experiment, flag="--workdir")
        if not holds_run(workdir):
            write_json(workdir / CONFIG_FILE, with_absolute_places(experiment.config))
        yield


def check_workdir(workdir: Path, experiment: Experiment, *, flag: str) -> None:
    """Check that a folder is free for a run, or belongs to the same config; write nothing.

    Args:
        workdir: Run folder.
        experiment: Experiment whose config is compared, but for what depends on the computer.
            Folders of labelled images are compared only while the run has no stored split.
        flag: Flag that names the folder, for the message.

    Raises:
        ValueError: The folder holds other files, or a run of another config.
    """
    if holds_run(workdir):
        places = _LABELLED_PLACES if (workdir / SPLIT_FILE).is_file() else ()
        free = {*FREE_FIELDS, *(f"data.{name}" for name in places)}
        stored = upgrade_config(_stored_values(workdir))[0]
        configs = map(with_canvas_as_zero, map(with_absolute_places, (stored, experiment.config)))
        differences = config_differences(*(without_fields(one, free) for one in configs))
        if differences:
            raise ValueError(
                f"`{flag}` must hold a run of the same config, got `{workdir}` with another "
                "one; choose another folder. Differences (there → here):\n  "
                + "\n  ".join(differences)
            )
        return
    if workdir.exists() and any(one.name != LOCK_FILE for one in workdir.iterdir()):
        raise ValueError(
            f"`{flag}` must be empty or hold a run, got `{workdir}` with other files; "
            "choose another folder."
        )


def check_trained_folders(workdir: Path, experiment: Experiment) -> None:
    """Check that a finished run was trained with the folders of cells that a config names.

    Nobody compares the images of a finished run again, so that its folders decide. Where the data
    sets are prepared, and where their archives lie, doesn't matter.

    Args:
        workdir: Run folder of a finished run; its other settings are those of the config.
        experiment: Experiment whose folders are compared.

    Raises:
        ValueError: The run was trained with another folder.
    """
    configs = (upgrade_config(_stored_values(workdir))[0], experiment.config)
    folders = [with_absolute_places(config)["data"] for config in configs]
    for name in ("own_folder", "unlabelled_folder"):
        trained, asked = (data.get(name, "") for data in folders)
        if trained != asked:
            raise ValueError(
                f"`--runs` must hold finished runs of the same cells, got `{workdir}` trained with "
                f"the {name} `{trained}` instead of `{asked}`; choose another `--name` or "
                "`--runs`, or give the folder with which it was trained (if that folder has moved, "
                f"launch/main.py --workdir={shlex.quote(str(workdir))} with its new path compares "
                "the images and stores the path)."
            )


def keep_places(workdir: Path, experiment: Experiment) -> None:
    """Store where the data of a run lie now, after its images were compared, and `FREE_FIELDS`.

    Args:
        workdir: Run folder.
        experiment: Experiment whose data folders are stored; that of cells without labels isn't,
            because their images are not compared.
    """
    stored, now = _stored_values(workdir), with_absolute_places(experiment.config)
    kept = dict(stored)
    for field in (*FREE_FIELDS, *(f"data.{name}" for name in _LABELLED_PLACES)):
        section, name = field.split(".")
        kept[section] = kept.get(section, {}) | {name: now[section][name]}
    if kept != stored:
        write_json(workdir / CONFIG_FILE, kept)


def with_absolute_places(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with absolute folders and weights; relative ones are below this directory.

    Args:
        config: JSON values of a config.
    """
    data = dict(config["data"])
    for name in PLACES:
        if data.get(name):  # an empty one stands for none, or for a folder of another field
            data[name] = str(absolute_path(data[name]))
    return with_weights({**config, "data": data}, absolute_weights)


def with_weights(config: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Return a config with other names of the weights to start from and to read with.

    Args:
        config: JSON values of a config.
        change: Returns the new name for a name.
    """
    changed = dict(config)
    for section, name in WEIGHTS:
        changed[section] = config[section] | {name: change(config[section].get(name, ""))}
    return changed


def with_places(config: ConfigDict, places: Mapping[str, str]) -> ConfigDict:
    """Return a config with other data folders.

    Args:
        config: Config of a run.
        places: Folder by name, some of `PLACES`; an empty one keeps that of the config.
    """
    changed = config.copy_and_resolve_references()
    with changed.unlocked():
        for name, folder in places.items():
            changed.data[name] = folder or changed.data[name]
    return changed


def holds_run(workdir: Path) -> bool:
    """Return whether a folder holds a run, finished or not."""
    return (workdir / CONFIG_FILE).is_file()


def command_again(program: str, workdir: Path, *, use_stored_split: bool) -> str:
    """Return the command that works on a run again.

    Args:
        program: Name of the program in `launch`.
        workdir: Run folder.
        use_stored_split: Whether what was added to its data set is left out.

    >>> command_again("main.py", Path("my run"), use_stored_split=True)
    "python launch/main.py --workdir='my run' --use_stored_split"
    """
    command = f"python launch/{program} --workdir={shlex.quote(str(workdir))}"
    return command + (" --use_stored_split" if use_stored_split else "")


def has_checkpoint(workdir: Path) -> bool:
    """Return whether a run has stored a state of its training, sound or not."""
    return any((workdir / "checkpoints").glob("*/*"))


def load_config(workdir: Path) -> ConfigDict:
    """Return the config that a run was started with.

    A config of an earlier version is filled with the values that it meant, and one printed line
    says so. It may hold data folders relative to the directory in which it was started.

    Args:
        workdir: Run folder, or an exported network; see `holds_run`.

    Returns:
        The locked config.

    Raises:
        ValueError: The stored config can't be read.
    """
    stored = _stored_values(workdir)
    try:
        values, changes = upgrade_config(stored)
        config = config_from_json(values)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # A section that is no object, or a name that no config has.
        problem = "its fields are not those of a config"
        raise damaged(workdir / CONFIG_FILE, problem, **_CONFIG) from error
    if changes:
        print(
            f"{workdir / CONFIG_FILE} is of an earlier version and was read with the values that "
            f"it meant: {', '.join(changes)}",
            flush=True,
        )
    return config


def load_training_record(workdir: Path) -> TrainingRecord:
    """Return the provenance of a run's training and its overrides.

    Args:
        workdir: Run folder, or an exported network.
    """
    path = workdir / ENVIRONMENT_FILE
    # Version 0.1 wrote a single provenance without `trainings`.
    values = load_json(path, **_PROVENANCE, keys=("overrides",))
    try:
        record = TrainingRecord.from_json(values)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise damaged(path, "a value is missing or of another kind", **_PROVENANCE) from error
    try:
        check_kinds(record)
    except TypeError as error:
        raise damaged(path, error, **_PROVENANCE) from error
    if not record.trainings:
        raise damaged(path, "`trainings` is empty", **_PROVENANCE)
    return record


def _stored_values(workdir: Path) -> dict[str, Any]:
    return load_json(workdir / CONFIG_FILE, **_CONFIG, keys=("model", "training"))
