"""An exported network, and what it says of its origin: all but folders and the names of cells.

A network is passed on; the folders of a laboratory, which may name patients, stay there. Those of
cells, with or without labels, are placeholders in an export. What it keeps are the own names of
weights files, of folders of archives and prepared data, of programs and configs, and those of run
folders, with the path where that is below the directory of the command.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.files import write_json, write_text
from superxception_jax.runs.exported.model_card import write_model_card
from superxception_jax.runs.exported.trained_images import TRAINED_FILE, save_trained
from superxception_jax.runs.exported.weights_file import save_variables
from superxception_jax.runs.included import VARIABLES_FILE
from superxception_jax.runs.provenance import Provenance, TrainingRecord
from superxception_jax.runs.results import RESULTS_FILE, RunResults, load_results
from superxception_jax.runs.workdir import (
    CALIBRATION_FILE,
    CONFIG_FILE,
    ENVIRONMENT_FILE,
    PLACES,
    WEIGHTS,
    load_training_record,
    with_weights,
)

CARD_FILE = "MODEL_CARD.md"
# What stands for the folders of cells, whose own names may name a patient, and for a computer.
OWN_FOLDER = "OWN_FOLDER"
_FOLDERS = {"own_folder": OWN_FOLDER, "unlabelled_folder": "UNLABELLED_FOLDER"}
_PLACEHOLDERS = {**_FOLDERS, "coordinator": "HOST:PORT"}
# Fields and flags that name other files and folders outside the project.
_NAMED = {*PLACES, *(name for _, name in WEIGHTS)} - set(_FOLDERS)
_FLAG = re.compile(r"--?([\w.]+)(?:=(.*))?", re.DOTALL)
_WITHHELD = "a cell has more images than can be assigned, or another fault"


def write_portable(
    folder: Path,
    target: Path,
    *,
    config: Mapping[str, Any],
    variables: Any,
    known: np.ndarray | None,
) -> list[Path]:
    """Write a network and what it says of itself, and return the files.

    The config, without which a folder is neither a run nor a network, is the first file to go and
    the last one to come: weights never stand under the results of others, and what a stop or a
    full disk leaves is no obstacle to the same export.

    Args:
        folder: Folder of the run.
        target: Folder to write into; made if absent.
        config: Config of the run as JSON values.
        variables: Variables of the network.
        known: u64[N], hashes of the images that it was trained on; None if unknown.

    Returns:
        Environment, calibration, results, model card, images if known, variables and config.
    """
    config = with_portable_places(config)
    record = portable_record(load_training_record(folder))
    results = portable_results(load_results(folder))
    calibration = (folder / CALIBRATION_FILE).read_text(encoding="utf-8")
    card = write_model_card(results, config, record)
    target.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG_FILE, VARIABLES_FILE, TRAINED_FILE):
        (target / name).unlink(missing_ok=True)
    return [
        write_json(target / ENVIRONMENT_FILE, record.to_json()),
        write_text(target / CALIBRATION_FILE, calibration),
        write_json(target / RESULTS_FILE, results.to_json()),
        write_text(target / CARD_FILE, card),
        *([] if known is None else [save_trained(target, known)]),
        save_variables(target / VARIABLES_FILE, variables),
        write_json(target / CONFIG_FILE, config),
    ]


def portable_record(record: TrainingRecord) -> TrainingRecord:
    """Return the provenance of a training without the folders in its commands and overrides."""
    overrides = {
        name: _portable_value(name, value) if isinstance(value, str) else value
        for name, value in record.overrides.items()
    }
    return TrainingRecord(tuple(map(_portable_provenance, record.trainings)), overrides)


def portable_results(results: RunResults) -> RunResults:
    """Return results without the folders in their commands, and without the name of a cell."""
    return dataclasses.replace(
        results,
        trainings=tuple(map(_portable_provenance, results.trainings)),
        evaluation=_portable_provenance(results.evaluation),
        cells_withheld=_WITHHELD if results.cells_withheld else "",
    )


def with_portable_places(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config that doesn't say where data and weights lie, to be given to others.

    Args:
        config: JSON values of a config.
    """
    data = config["data"] | {"data_dir": "data", "manual_dir": ""}
    for name in _FOLDERS:
        data[name] = _portable_value(name, data.get(name, ""))
    # The name of an included network has no folder.
    return with_weights({**config, "data": data}, lambda weights: Path(weights).name)


def portable_command(command: str) -> str:
    """Return a command line that names neither folders of cells, nor paths, nor a computer.

    Args:
        command: Command line as a shell reads it.

    Returns:
        The command line: with placeholders for the folders of cells and the coordinator, and with
        the own names of weights, of folders of archives and prepared data, and of any other path
        outside the directory in which it was given.

    >>> portable_command("python /home/ann/main.py --own_folder=/lab/cells --config=configs/a.py")
    'python main.py --own_folder=OWN_FOLDER --config=configs/a.py'
    """
    words, after = [], ""
    for word in shlex.split(command):
        flag = _FLAG.fullmatch(word)
        name, value = flag.groups() if flag else (after, word)
        if value is not None:
            word = word.removesuffix(value) + _portable_value(name, value)
        # `--own_folder /lab/cells`: the value is the next word.
        after = name if flag and value is None else ""
        words.append(word)
    return shlex.join(words)


def _portable_provenance(provenance: Provenance) -> Provenance:
    return dataclasses.replace(provenance, command=portable_command(provenance.command))


def _portable_value(name: str, value: str) -> str:
    """Return what is passed on of a value.

    Args:
        name: Path of its field in the config, or its flag without dashes.
        value: Value; an empty one stays empty.
    """
    field = name.rpartition(".")[2]
    if value and field in _PLACEHOLDERS:
        return _PLACEHOLDERS[field]
    return Path(value).name if field in _NAMED or _is_outside(value) else value


def _is_outside(value: str) -> bool:
    """Return whether a value is a path that leaves the directory of the command."""
    return value.startswith(("/", "~")) or ".." in Path(value).parts
