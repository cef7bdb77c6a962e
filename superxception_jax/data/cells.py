"""Cells as sets of images, and new cells put together from the chromosomes of several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import check


@dataclass(frozen=True)
class CellDraws:
    """How cells are drawn for training.

    Attributes:
        recombined_share: share of the cells in which chromosomes are exchanged for others of
            the same class.
        exchanged_share: share of the chromosomes of such a cell that is exchanged.
        incomplete_share: share of the cells that lack one or two chromosomes.
        gained_share: share of the cells that have one too many.
    """

    recombined_share: float
    exchanged_share: float
    incomplete_share: float
    gained_share: float


def draw_cell_members(
    labels: np.ndarray,
    cells: np.ndarray,
    *,
    draws: CellDraws,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw the images of one cell for training, real or put together.

    The canvases of all cells are at one size already, lengths being relative to the cell.

    Args:
        labels: i32[N], class of each image.
        cells: N names of the cells.
        draws: shares of the changes.
        generator: of the draws.

    Returns:
        i64[M], indices of images.

    Source: ours, after KaryoNet (Xia et al. 2023), which trains on whole cells.
    """
    check(labels=(labels, "i32[N]"), cells=(cells, "any[N]"))
    members = np.flatnonzero(cells == generator.choice(np.unique(cells)))
    if generator.random() < draws.recombined_share:
        exchanged = generator.random(len(members)) < draws.exchanged_share
        for place in np.flatnonzero(exchanged):
            same = np.flatnonzero(labels == labels[members[place]])
            members[place] = generator.choice(same)
    change = generator.random()
    if change < draws.incomplete_share:
        lost = generator.choice(len(members), size=generator.integers(1, 3), replace=False)
        members = np.delete(members, lost)
    elif change < draws.incomplete_share + draws.gained_share:
        extra = np.flatnonzero(labels == generator.choice(np.unique(labels)))
        members = np.append(members, generator.choice(extra))
    return members
