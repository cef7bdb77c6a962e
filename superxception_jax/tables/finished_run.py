"""What a table keeps of finished runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TableRun:
    """What a table keeps of a run, so that it can be computed again without the run's folder.

    Attributes:
        row: name of the row that the run belongs to.
        seed: of the run.
        fold: that tested.
        config_file: config file and preset, as on the command line.
        command: that repeats the run.
        commit: of the program that tested it.
        parameters: of the network.
        images_per_second: median of the training lines.
        training_seconds: time in training steps and validation.
        results: the values of its `results.json`.
        config: the values of its `config.json`.
        predictions: lists of one value a test image: `name`, `cell`, `class`, `predicted`, and
            `assigned` where whole cells were tested.
    """

    row: str
    seed: int
    fold: int
    config_file: str
    command: str
    commit: str
    parameters: int
    images_per_second: float
    training_seconds: float
    results: Mapping[str, Any]
    config: Mapping[str, Any]
    predictions: Mapping[str, Sequence[str]]

    @property
    def key(self) -> tuple[str, int, int]:
        """Return row, seed and fold: what a table holds once."""
        return self.row, self.seed, self.fold


def merge_runs(earlier: Iterable[TableRun], later: Iterable[TableRun]) -> tuple[TableRun, ...]:
    """Put runs into a table; a run that is already there is replaced.

    Args:
        earlier: of the stored table.
        later: of this call.

    Returns:
        Rows in the order in which they first came, and in a row by seed and fold.
    """
    earlier, later = list(earlier), list(later)
    rows = list(dict.fromkeys(run.row for run in earlier + later))
    runs = {run.key: run for run in earlier} | {run.key: run for run in later}
    return tuple(sorted(runs.values(), key=lambda run: (rows.index(run.row), run.seed, run.fold)))


def table_runs(table: Mapping[str, Any]) -> tuple[TableRun, ...]:
    """Read the runs back from the JSON values of a table."""
    return tuple(TableRun(**values) for values in table["runs"])
