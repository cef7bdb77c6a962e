"""Whole cells of a split: assigned exactly, and compared with the truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES, X, Y
from superxception_jax.evaluation.statistics import bootstrap_interval
from superxception_jax.karyotyping.assignment import assign_cell
from superxception_jax.karyotyping.prior import CountPrior

# What `CellMetrics` was called in results.json before version 0.2.
_EARLIER_NAMES = {
    "entirely_right": "fully_correct",
    "sex_right": "sex_correct",
    "counts_right": "counts_correct",
}


@dataclass(frozen=True)
class CellComparison:
    """How the assigned classes of one cell compare with the true ones.

    Attributes:
        fully_correct: Whether every chromosome has its true class.
        sex_correct: Whether the numbers of X and Y are correct.
        counts_correct: Whether the number of chromosomes of every class is correct.
    """

    fully_correct: bool
    sex_correct: bool
    counts_correct: bool


@dataclass(frozen=True)
class CellMetrics:
    """Metrics of all cells of a split after their assignment.

    Attributes:
        accuracy: Share of images with the correct assigned class.
        accuracy_interval: Bootstrap interval of the accuracy over cells.
        cells: Number of cells.
        fully_correct: Share of cells, see `CellComparison`.
        sex_correct: Share of cells, see `CellComparison`.
        counts_correct: Share of cells, see `CellComparison`.
    """

    accuracy: float
    accuracy_interval: tuple[float, float]
    cells: int
    fully_correct: float
    sex_correct: float
    counts_correct: float

    def to_json(self) -> dict[str, Any]:
        """Return the metrics as JSON values."""
        return dataclasses.asdict(self) | {"accuracy_interval": list(self.accuracy_interval)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CellMetrics:
        """Return the metrics that `to_json` of this or an earlier version wrote."""
        renamed = {_EARLIER_NAMES.get(name, name): value for name, value in values.items()}
        low, high = renamed.pop("accuracy_interval")
        return cls(accuracy_interval=(low, high), **renamed)


def assign_cells(
    log_likelihoods: np.ndarray, cells: np.ndarray, *, prior: CountPrior
) -> np.ndarray:
    """Return the most likely classes of all chromosomes, assigned cell by cell.

    Args:
        log_likelihoods: f64[N,24].
        cells: str[N], the cell of each image; all images of a cell must be present.
        prior: Prior of the chromosome counts.

    Returns:
        i64[N], the assigned class of each image.

    Raises:
        ValueError: A cell can't be assigned, see `assign_cell`.
    """
    check(log_likelihoods=(log_likelihoods, "f64[N,C]"), cells=(cells, "any[N]"))
    assigned = np.empty(len(cells), np.int64)
    for name in dict.fromkeys(cells.tolist()):
        members = np.flatnonzero(cells == name)
        assigned[members] = assign_cell(log_likelihoods[members], prior=prior).labels
    return assigned


def compare_cell(labels: np.ndarray, assigned: np.ndarray) -> CellComparison:
    """Return how the assigned classes of one cell compare with the true ones.

    Args:
        labels: int[N], true classes.
        assigned: int[N], assigned classes.

    >>> compare_cell(np.array([0, 1, 22]), np.array([1, 0, 22]))
    CellComparison(fully_correct=False, sex_correct=True, counts_correct=True)
    """
    check(labels=(labels, "int[N]"), assigned=(assigned, "int[N]"))
    truth, found = (np.bincount(one, minlength=len(CLASS_NAMES)) for one in (labels, assigned))
    return CellComparison(
        fully_correct=bool((labels == assigned).all()),
        sex_correct=bool((truth[[X, Y]] == found[[X, Y]]).all()),
        counts_correct=bool((truth == found).all()),
    )


def compute_cell_metrics(
    labels: np.ndarray,
    assigned: np.ndarray,
    cells: np.ndarray,
    *,
    resamples: int,
    level: float,
    seed: int,
) -> CellMetrics:
    """Return the metrics of all cells of a split.

    Args:
        labels: i32[N], true classes.
        assigned: i64[N], assigned classes.
        cells: str[N], the cell of each image.
        resamples: Number of bootstrap samples.
        level: Confidence level of the interval, 0..1.
        seed: Random seed of the bootstrap.
    """
    correct = assigned == labels
    comparisons = [
        dataclasses.astuple(compare_cell(labels[members], assigned[members]))
        for members in (np.flatnonzero(cells == name) for name in dict.fromkeys(cells.tolist()))
    ]
    fully, sex, counts = np.mean(comparisons, axis=0)
    return CellMetrics(
        accuracy=float(correct.mean()),
        accuracy_interval=bootstrap_interval(
            correct, cells, resamples=resamples, level=level, seed=seed
        ),
        cells=len(comparisons),
        fully_correct=float(fully),
        sex_correct=float(sex),
        counts_correct=float(counts),
    )
