"""What an exported network says of its origin: everything but folders and the names of cells.

A network is passed on; the folders of a laboratory, which may name patients, stay there.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

from superxception_jax.runs.provenance import Provenance, TrainingRecord
from superxception_jax.runs.results import RunResults
from superxception_jax.runs.workdir import PLACES

# Fields, by their path in the config, that name a file or folder outside the project.
_FIELDS = {*(f"data.{name}" for name in PLACES), "data.unlabelled_reader", "model.init_from"}
# Flags that give these fields.
_FLAGS = {*(f"config.{name}" for name in _FIELDS), *PLACES}
_FLAG = re.compile(r"--?([\w.]+)(?:=(.*))?", re.DOTALL)
_WITHHELD = "a cell has more images than can be assigned, or another fault"


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
