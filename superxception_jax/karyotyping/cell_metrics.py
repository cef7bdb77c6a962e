"""What whole cells are worth: accuracy with assignment, cells entirely right, sex right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import X, Y
from superxception_jax.karyotyping.assignment import assign_cell
from superxception_jax.karyotyping.prior import CountPrior


@dataclass(frozen=True)
class CellResults:
    """The assigned classes of all cells of a split.

    Attributes:
        labels: i64[N], assigned class of each image.
        cells: M names.
        margins: f64[M], of each cell, nats.
        right: bool[M], whether all its chromosomes are right.
        sex_right: bool[M], whether its numbers of X and Y are right.
        counts_right: bool[M], whether the numbers of all its classes are right.
    """

    labels: np.ndarray
    cells: tuple[str, ...]
    margins: np.ndarray
    right: np.ndarray
    sex_right: np.ndarray
    counts_right: np.ndarray


def assign_cells(
    log_likelihoods: np.ndarray, labels: np.ndarray, cells: np.ndarray, *, prior: CountPrior
) -> CellResults:
    """Assign every cell of a split and compare with the truth.

    Args:
        log_likelihoods: f64[N,24].
        labels: i32[N], true classes.
        cells: N names; all images of a cell must be there.
        prior: of the counts.

    Returns:
        The results.

    Raises:
        ValueError: see `assign_cell`.

    Source: ours.
    """
    check(
        log_likelihoods=(log_likelihoods, "f64[N,C]"),
        labels=(labels, "i32[N]"),
        cells=(cells, "any[N]"),
    )
    names = tuple(dict.fromkeys(str(cell) for cell in cells))
    assigned = np.empty(len(labels), np.int64)
    margins, columns = [], []
    for name in names:
        members = np.nonzero(cells == name)[0]
        found = assign_cell(log_likelihoods[members], prior=prior)
        assigned[members] = found.labels
        margins.append(found.margin)
        truth, read = (
            np.bincount(one, minlength=log_likelihoods.shape[1])
            for one in (labels[members], found.labels)
        )
        columns.append(
            (
                bool((found.labels == labels[members]).all()),
                bool((truth[[X, Y]] == read[[X, Y]]).all()),
                bool((truth == read).all()),
            )
        )
    right, sex_right, counts_right = np.array(columns, bool).T
    return CellResults(
        labels=assigned,
        cells=names,
        margins=np.array(margins),
        right=right,
        sex_right=sex_right,
        counts_right=counts_right,
    )
