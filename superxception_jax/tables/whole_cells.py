"""The part of a results table on whole cells: their assigned classes against the true ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import ANEUPLOIDY_KINDS, CLASS_NAMES, aneuploidy_kind
from superxception_jax.evaluation.cells import CellComparison, compare_cell
from superxception_jax.tables.stored_predictions import StoredPredictions

Interval = Callable[[np.ndarray, np.ndarray], tuple[float, float]]


@dataclass(frozen=True)
class AneuploidyCounts:
    """How the cells with one kind of true chromosome counts were assigned.

    Attributes:
        cells: Number of cells.
        flagged: Number of cells whose assigned counts are abnormal.
        counts_correct: Number of cells whose assigned counts are all correct.
    """

    cells: int
    flagged: int
    counts_correct: int


@dataclass(frozen=True)
class WholeCells:
    """The assigned cells of a row.

    Attributes:
        accuracy: Share of images with the correct assigned class.
        accuracy_interval: Bootstrap interval of the accuracy over cells.
        gain: Accuracy minus that of single images.
        gain_interval: Bootstrap interval of the gain over cells.
        cells: Number of tested cells.
        fully_correct: Share of cells, see `CellComparison`.
        sex_correct: Share of cells, see `CellComparison`.
        counts_correct: Share of cells, see `CellComparison`.
        aneuploidy: Counts by kind of the true chromosome counts, see `aneuploidy_kind`.
    """

    accuracy: float
    accuracy_interval: tuple[float, float]
    gain: float
    gain_interval: tuple[float, float]
    cells: int
    fully_correct: float
    sex_correct: float
    counts_correct: float
    aneuploidy: Mapping[str, AneuploidyCounts]


@dataclass(frozen=True)
class _Cell:
    """The assignment of one cell in one run."""

    comparison: CellComparison
    true_kind: str
    assigned_kind: str


def summarize_cells(
    predictions: Sequence[StoredPredictions], *, interval: Interval
) -> WholeCells | None:
    """Return the summary of the assigned cells of a row; None if a run has no assignment.

    Args:
        predictions: Predictions of each run, at least one.
        interval: (values f64[N], cells str[N]) → bootstrap interval of the mean.
    """
    labels = np.concatenate([one.labels for one in predictions])
    before = np.concatenate([one.predicted for one in predictions]) == labels
    names = np.concatenate([one.cells for one in predictions])
    assigned = [one.assigned for one in predictions if one.assigned is not None]
    if len(assigned) < len(predictions):
        return None
    correct = (np.concatenate(assigned) == labels).astype(np.float64)
    gains = correct - before
    cells = [
        cell
        for one, classes in zip(predictions, assigned, strict=True)
        for cell in _compare_cells(one.labels, classes, one.cells)
    ]
    shares = np.mean([dataclasses.astuple(cell.comparison) for cell in cells], axis=0)
    fully, sex, counts = (float(share) for share in shares)
    return WholeCells(
        accuracy=float(correct.mean()),
        accuracy_interval=interval(correct, names),
        gain=float(gains.mean()),
        gain_interval=interval(gains, names),
        cells=len(cells),
        fully_correct=fully,
        sex_correct=sex,
        counts_correct=counts,
        aneuploidy={kind: _count(cells, kind) for kind in ANEUPLOIDY_KINDS},
    )


def _compare_cells(labels: np.ndarray, assigned: np.ndarray, cells: np.ndarray) -> list[_Cell]:
    compared = []
    for name in dict.fromkeys(cells.tolist()):
        members = np.flatnonzero(cells == name)
        truth, found = labels[members], assigned[members]
        compared.append(_Cell(compare_cell(truth, found), _kind(truth), _kind(found)))
    return compared


def _kind(labels: np.ndarray) -> str:
    return aneuploidy_kind([CLASS_NAMES[label] for label in labels])


def _count(cells: Sequence[_Cell], kind: str) -> AneuploidyCounts:
    chosen = [cell for cell in cells if cell.true_kind == kind]
    return AneuploidyCounts(
        cells=len(chosen),
        flagged=sum(cell.assigned_kind != "none" for cell in chosen),
        counts_correct=sum(cell.comparison.counts_correct for cell in chosen),
    )
