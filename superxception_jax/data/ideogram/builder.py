"""TFDS builder of synthetic cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from superxception_jax.data.ideogram.styles import style_named
from superxception_jax.data.ideogram.synthetic_cell import DrawnCell, draw_cell
from superxception_jax.data.record import SPLIT, ChromosomeRecord, example, record_features

MOST_CELLS = 100_000


@dataclasses.dataclass(kw_only=True)
class IdeogramConfig(tfds.core.BuilderConfig):
    """Say which synthetic cells to draw.

    **Source:** ours, because the same cells must come back from the same four values.

    Attributes:
        name: made from the other fields, so that no two settings share a folder.
        cells: number of cells, 1 to `MOST_CELLS`.
        seed: first part of the seed of every cell, at least 0.
        style: "q" or "g".
        aneuploid_share: probability that a cell is aneuploid, 0..1.
    """

    name: str = dataclasses.field(init=False)
    cells: int
    seed: int
    style: str
    aneuploid_share: float

    def __post_init__(self) -> None:
        """Check the settings and name them.

        Raises:
            ValueError: a setting is out of its range.
        """
        style_named(self.style)
        if not 1 <= self.cells <= MOST_CELLS:
            raise ValueError(f"`cells` must be in 1..{MOST_CELLS}, got {self.cells}; change it.")
        if self.seed < 0:
            raise ValueError(
                f"`seed` must be at least 0, got {self.seed}; choose a whole number from 0."
            )
        if not 0.0 <= self.aneuploid_share <= 1.0:
            raise ValueError(
                f"`aneuploid_share` must be in 0..1, got {self.aneuploid_share}; "
                "give a probability."
            )
        self.aneuploid_share = float(self.aneuploid_share)
        self.name = (
            f"{self.style}_cells{self.cells}_seed{self.seed}_aneuploid{self.aneuploid_share!r}"
        )


def draw_numbered_cell(number: int, *, seed: int, style: str, aneuploid_share: float) -> DrawnCell:
    """Draw the cell of a data set that has a given number.

    Args:
        number: of the cell, from 0.
        seed: of the data set, at least 0.
        style: "q" or "g".
        aneuploid_share: probability of an aneuploidy, 0..1.

    Returns:
        The cell; how many cells the data set has makes no difference.

    Raises:
        ValueError: the seed or number is negative, or style or share is unknown.

    **Source:** ours, because a larger set must begin with the cells of a smaller one.
    """
    if seed < 0 or number < 0:
        raise ValueError(
            f"`seed` and `number` must be at least 0, got {seed} and {number}; "
            "choose whole numbers from 0."
        )
    generator = np.random.default_rng([seed, number])
    return draw_cell(generator, style=style, aneuploid_share=aneuploid_share)


class Builder(tfds.core.GeneratorBasedBuilder):
    """Build the records of synthetic cells.

    **Source:** ours; band tables of NCBI GRCh38, see README.md beside this file.
    """

    # Raise it whenever a drawing changes: prepared data of an older version is then not read.
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}  # noqa: RUF012

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=record_features(),
            homepage="https://www.npmjs.com/package/ideogram",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        del dl_manager  # Nothing is downloaded: the band tables are part of the package.
        return {SPLIT: self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[str, dict[str, Any]]]:
        config = self.builder_config
        for number in range(config.cells):
            cell = draw_numbered_cell(
                number,
                seed=config.seed,
                style=config.style,
                aneuploid_share=config.aneuploid_share,
            )
            for place, chromosome in enumerate(cell.chromosomes):
                cell_name = f"{number:04d}"
                record = ChromosomeRecord(
                    image=chromosome.image,
                    label=chromosome.label,
                    cell=cell_name,
                    case=cell_name,
                    name=f"{cell_name} {chromosome.name}",
                )
                yield f"{cell_name}/{place}", example(record)


def build_ideogram(
    *, data_dir: str, cells: int, seed: int, style: str, aneuploid_share: float
) -> Builder:
    """Build the TFDS builder of synthetic cells; nothing is drawn yet.

    Args:
        data_dir: folder of the prepared data sets.
        cells: number of cells, 1 to `MOST_CELLS`.
        seed: of the data set, at least 0.
        style: "q" (bright bands on black) or "g" (dark bands on white).
        aneuploid_share: probability that a cell is aneuploid, 0..1.

    Returns:
        The builder; every setting is part of its config name, so no two share a folder.

    Raises:
        ValueError: a setting is out of its range.

    **Source:** ours, because a second caller must get the same data set name.
    """
    config = IdeogramConfig(cells=cells, seed=seed, style=style, aneuploid_share=aneuploid_share)
    return Builder(data_dir=data_dir, config=config, file_format="array_record")
