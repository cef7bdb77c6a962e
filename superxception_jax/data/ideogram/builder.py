"""Synthetic cells as a TFDS data set."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from superxception_jax.data.ideogram.styles import style_named
from superxception_jax.data.ideogram.synthetic_cell import DrawnCell, draw_cell
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.record_builder import RecordBuilder, RecordConfig

MOST_CELLS = 100_000


class Builder(RecordBuilder):
    """TFDS builder of synthetic cells.

    Source: Band tables of NCBI GRCh38, see README.md in this folder.
    """

    HOMEPAGE = "https://www.npmjs.com/package/ideogram"


def build_ideogram(
    *, data_dir: str, cells: int, seed: int, style: str, aneuploid_share: float
) -> Builder:
    """Return the TFDS builder of synthetic cells; nothing is drawn yet.

    Args:
        data_dir: Folder of the prepared data sets.
        cells: Number of cells, 1 to `MOST_CELLS`.
        seed: Random seed of the data set, at least 0.
        style: "q" (bright bands on black) or "g" (dark bands on white).
        aneuploid_share: Probability that a cell is aneuploid, 0..1.

    Returns:
        The builder; every setting is part of its config name, so no two share a folder.

    Raises:
        ValueError: A setting is out of its range.
    """
    style_named(style)
    if not 1 <= cells <= MOST_CELLS:
        raise ValueError(f"`cells` must be in 1..{MOST_CELLS}, got {cells}; change it.")
    if seed < 0:
        raise ValueError(f"`seed` must be at least 0, got {seed}; choose a whole number from 0.")
    if not 0.0 <= aneuploid_share <= 1.0:
        raise ValueError(
            f"`aneuploid_share` must be in 0..1, got {aneuploid_share}; give a probability."
        )
    share = float(aneuploid_share)
    config = RecordConfig(
        name=f"{style}_cells{cells}_seed{seed}_aneuploid{share!r}",
        load=functools.partial(
            _draw_records, cells=cells, seed=seed, style=style, aneuploid_share=share
        ),
    )
    return Builder(data_dir=data_dir, config=config, file_format="array_record")


def draw_numbered_cell(number: int, *, seed: int, style: str, aneuploid_share: float) -> DrawnCell:
    """Draw the cell of a data set that has a given number.

    Args:
        number: Number of the cell, from 0.
        seed: Random seed of the data set, at least 0.
        style: "q" (bright bands on black) or "g" (dark bands on white).
        aneuploid_share: Probability of an aneuploidy, 0..1.

    Returns:
        The cell; it doesn't depend on how many cells the data set has.

    Raises:
        ValueError: The seed or number is negative, or style or share is unknown.
    """
    if seed < 0 or number < 0:
        raise ValueError(
            f"`seed` and `number` must be at least 0, got {seed} and {number}; "
            "choose whole numbers from 0."
        )
    generator = np.random.default_rng([seed, number])
    return draw_cell(generator, style=style, aneuploid_share=aneuploid_share)


def _draw_records(
    *, cells: int, seed: int, style: str, aneuploid_share: float
) -> Iterator[ChromosomeRecord]:
    for number in range(cells):
        drawn = draw_numbered_cell(number, seed=seed, style=style, aneuploid_share=aneuploid_share)
        cell = f"{number:04d}"
        for chromosome in drawn.chromosomes:
            yield ChromosomeRecord(
                image=chromosome.image,
                label=chromosome.label,
                cell=cell,
                case=cell,
                name=f"{cell} {chromosome.name}",
            )
