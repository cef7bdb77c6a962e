"""Whole cells of a split: assigned exactly, and compared with the truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.arrays import check, group_members
from superxception_jax.chromosomes import CLASS_NAMES, X, Y
from superxception_jax.evaluation.statistics import Interval, mean_interval
from superxception_jax.karyotyping.assignment import assign_cell
from superxception_jax.karyotyping.iscn import COMPLETE_CELL
from superxception_jax.karyotyping.prior import default_prior, prior_of_cell

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
        accuracy_interval: Interval of the accuracy over cases or cells.
        cells: Number of cells.
        fully_correct: Share of cells, see `CellComparison`.
        sex_correct: Share of cells, see `CellComparison`.
        counts_correct: Share of cells, see `CellComparison`.
        parts: Number of cells whose number of images isn't in `COMPLETE_CELL`, assigned as parts;
            None in results of versions that assigned them as complete cells.
    """

    accuracy: float
    accuracy_interval: Interval
    cells: int
    fully_correct: float
    sex_correct: float
    counts_correct: float
    parts: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the metrics as JSON values."""
        values = dataclasses.asdict(self)
        return values | self.accuracy_interval.to_json()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CellMetrics:
        """Return the metrics that `to_json` of this or an earlier version wrote."""
        renamed = {_EARLIER_NAMES.get(name, name): value for name, value in values.items()}
        interval = Interval.from_json(renamed, cells=renamed["cells"])
        return cls(
            accuracy_interval=interval,
            **{name: value for name, value in renamed.items() if name not in interval.to_json()},
        )


def assign_cells(log_likelihoods: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Return the most likely classes of all chromosomes, assigned cell by cell.

    The prior of each cell is that of `prior_of_cell`, as when `karyotype_cell` reads it: a part of
    a cell is not taken for a cell with losses.

    Args:
        log_likelihoods: f64[N,24].
        cells: str[N], the cell of each image; all images of a cell must be present.

    Returns:
        i64[N], the assigned class of each image.

    Raises:
        ValueError: A cell can't be assigned, see `assign_cell`; the message names it.
    """
    check(log_likelihoods=(log_likelihoods, "f64[N,C]"), cells=(cells, "any[N]"))
    assigned = np.empty(len(cells), np.int64)
    for members in group_members(cells):
        prior = prior_of_cell(len(members), whole=default_prior())
        try:
            assigned[members] = assign_cell(log_likelihoods[members], prior=prior).labels
        except ValueError as error:
            raise ValueError(f"cell `{cells[members[0]]}`: {error}") from error
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
    cases: np.ndarray | None,
    resamples: int,
    level: float,
    seed: int,
) -> CellMetrics:
    """Return the metrics of all cells of a split.

    Args:
        labels: i32[N], true classes.
        assigned: i64[N], assigned classes.
        cells: str[N], the cell of each image.
        cases: str[N], patient or sample of each image; None where none is known.
        resamples: Number of bootstrap samples.
        level: Confidence level of the interval, 0..1.
        seed: Random seed of the bootstrap.
    """
    correct = assigned == labels
    members = group_members(cells)
    comparisons = [dataclasses.astuple(compare_cell(labels[one], assigned[one])) for one in members]
    fully, sex, counts = np.mean(comparisons, axis=0)
    return CellMetrics(
        accuracy=float(correct.mean()),
        accuracy_interval=mean_interval(
            correct.astype(np.float64),
            cells=cells,
            cases=cases,
            resamples=resamples,
            level=level,
            seed=seed,
        ),
        cells=len(comparisons),
        fully_correct=float(fully),
        sex_correct=float(sex),
        counts_correct=float(counts),
        parts=sum(len(one) not in COMPLETE_CELL for one in members),
    )
