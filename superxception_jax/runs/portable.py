"""What an exported network says of its origin: everything but folders and the names of cells.

A network is passed on; the folders of a laboratory, which may name patients, stay there.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superxception_jax.files import write_json, write_text
from superxception_jax.runs.model_card import write_model_card
from superxception_jax.runs.provenance import Provenance, TrainingRecord
from superxception_jax.runs.results import RESULTS_FILE, RunResults, load_results
from superxception_jax.runs.workdir import (
    CALIBRATION_FILE,
    CONFIG_FILE,
    ENVIRONMENT_FILE,
    PLACES,
    WEIGHTS,
    load_training_record,
    with_portable_places,
)

CARD_FILE = "MODEL_CARD.md"
# Fields, by their path in the config, that name a file or folder outside the project.
_FIELDS = {*(f"data.{name}" for name in PLACES), *map(".".join, WEIGHTS)}
# Flags that give these fields.
_FLAGS = {*(f"config.{name}" for name in _FIELDS), *PLACES}
_FLAG = re.compile(r"--?([\w.]+)(?:=(.*))?", re.DOTALL)
_WITHHELD = "a cell has more images than can be assigned, or another fault"


def write_portable(folder: Path, target: Path, *, config: Mapping[str, Any]) -> list[Path]:
    """Write what an exported network says of itself, and return the files.

    Args:
        folder: Folder of the run.
        target: Folder to write into.
        config: Config of the run as JSON values.

    Returns:
        Config, environment, calibration, results and model card.
    """
    config = with_portable_places(config)
    record = portable_record(load_training_record(folder))
    results = portable_results(load_results(folder))
    calibration = (folder / CALIBRATION_FILE).read_text(encoding="utf-8")
    return [
        write_json(target / CONFIG_FILE, config),
        write_json(target / ENVIRONMENT_FILE, record.to_json()),
        write_text(target / CALIBRATION_FILE, calibration),
        write_json(target / RESULTS_FILE, results.to_json()),
        write_text(target / CARD_FILE, write_model_card(results, config, record)),
    ]


def portable_record(record: TrainingRecord) -> TrainingRecord:
    """Return the provenance of a training without the folders in its commands and overrides."""
    overrides = {
        name: _own_name(value) if name in _FIELDS and isinstance(value, str) else value
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


def portable_command(command: str) -> str:
    """Return a command line in which no folder is named but by its own name.

    Args:
        command: Command line as a shell reads it.

    Returns:
        The command line: of folders of images and of initial weights the own name; of any other
        path outside the directory in which it was given, too.

    >>> portable_command("python /home/ann/main.py --own_folder=/lab/cells --config=configs/a.py")
    'python main.py --own_folder=cells --config=configs/a.py'
    """
    words, after = [], ""
    for word in shlex.split(command):
        flag = _FLAG.fullmatch(word)
        name, value = flag.groups() if flag else (after, word)
        if value is not None:
            kept = _own_name(value) if name in _FLAGS or _is_outside(value) else value
            word = word.removesuffix(value) + kept
        # `--own_folder /lab/cells`: the value is the next word.
        after = name if flag and value is None else ""
        words.append(word)
    return shlex.join(words)


def _portable_provenance(provenance: Provenance) -> Provenance:
    return dataclasses.replace(provenance, command=portable_command(provenance.command))


def _own_name(path: str) -> str:
    return Path(path).name


def _is_outside(value: str) -> bool:
    """Return whether a value is a path that leaves the directory of the command."""
    return value.startswith(("/", "~")) or ".." in Path(value).parts
