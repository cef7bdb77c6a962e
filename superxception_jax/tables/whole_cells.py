"""The part of a results table on whole cells: their assigned classes against the true ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import group_members
from superxception_jax.chromosomes import ANEUPLOIDY_KINDS, CLASS_NAMES, aneuploidy_kind
from superxception_jax.evaluation.cells import CellComparison, compare_cell
from superxception_jax.evaluation.statistics import Interval
from superxception_jax.karyotyping.iscn import COMPLETE_CELL
from superxception_jax.tables.stored_predictions import StoredPredictions

# Of a cell whose number of images isn't that of a complete cell: its counts are no karyotype.
PART = "part"


@dataclass(frozen=True)
class AneuploidyCounts:
    """How the cells with one kind of true chromosome counts were assigned.

    Attributes:
        cells: Number of cells.
        flagged: Number of cells whose assigned counts are abnormal; those of a part never are.
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
        accuracy_interval: Interval of the accuracy over cases or cells.
        gain: Accuracy minus that of single images.
        gain_interval: Interval of the gain over cases or cells.
        cells: Number of tested cells; the shares of cells are means over the seeds.
        fully_correct: Share of cells, see `CellComparison`.
        sex_correct: Share of cells, see `CellComparison`.
        counts_correct: Share of cells, see `CellComparison`.
        aneuploidy: Counts by kind of the true chromosome counts, see `aneuploidy_kind`, or `PART`;
            a cell counts once per seed.
    """

    accuracy: float
    accuracy_interval: Interval
    gain: float
    gain_interval: Interval
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
    predictions: Sequence[StoredPredictions],
    *,
    interval: Callable[[np.ndarray, Sequence[StoredPredictions]], Interval],
) -> WholeCells | None:
    """Return the summary of the assigned cells of a row; None if a run has no assignment.

    Args:
        predictions: Predictions of each run, at least one.
        interval: (values f64[N], predictions) → interval of the mean.
    """
    labels = np.concatenate([one.labels for one in predictions])
    before = np.concatenate([one.predicted for one in predictions]) == labels
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
        accuracy_interval=interval(correct, predictions),
        gain=float(gains.mean()),
        gain_interval=interval(gains, predictions),
        cells=len({name for one in predictions for name in one.cells.tolist()}),
        fully_correct=fully,
        sex_correct=sex,
        counts_correct=counts,
        aneuploidy={kind: _count(cells, kind) for kind in (*ANEUPLOIDY_KINDS, PART)},
    )


def _compare_cells(labels: np.ndarray, assigned: np.ndarray, cells: np.ndarray) -> list[_Cell]:
    compared = []
    for members in group_members(cells):
        truth, found = labels[members], assigned[members]
        compared.append(_Cell(compare_cell(truth, found), _kind(truth), _kind(found)))
    return compared


def _kind(labels: np.ndarray) -> str:
    if len(labels) not in COMPLETE_CELL:
        return PART
    return aneuploidy_kind([CLASS_NAMES[label] for label in labels])


def _count(cells: Sequence[_Cell], kind: str) -> AneuploidyCounts:
    chosen = [cell for cell in cells if cell.true_kind == kind]
    return AneuploidyCounts(
        cells=len(chosen),
        flagged=sum(cell.assigned_kind not in ("none", PART) for cell in chosen),
        counts_correct=sum(cell.comparison.counts_correct for cell in chosen),
    )
