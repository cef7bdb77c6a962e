"""A laboratory of two small cells, and how tests load it."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from superxception_jax.data.joined import open_data_sets
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.source import Chromosomes, load_chromosomes
from tests.data.image_folders import own_options

SETTINGS = NormalizationSettings(
    background="dark",
    tilt="keep",
    straightening="none",
    length="cell",
    length_reference="longest",
    length_exponent=1.0,
    absolute_length_px=100.0,
    grey="keep",
    image_px=16,
)


FOUND = "lab: 2 cells (one folder per cell), 6 images\n"
NOTICE = (
    "own: 2 cells without a patient (column `case` of `labels.csv`): every cell counts as a case "
    "of its own, and the split `cases` equals `cells`.\n"
)


def make_lab(folder: Path, cells: Sequence[str] = ("10", "9")) -> Path:
    """Write cells of three images each, and return their folder."""
    root = folder / "lab"
    generator = np.random.default_rng(0)
    for cell in cells:
        (root / cell).mkdir(parents=True)
        for number in (1, 2, 10):
            image = np.zeros((36 - 2 * number, 14), np.uint8)
            image[3:-3, 3:-3] = generator.integers(90, 200, (30 - 2 * number, 8))
            image[3 : -3 : 29 - 2 * number, 3:-3:7] = 0  # A rectangle would be a scale bar.
            Image.fromarray(image).save(root / cell / f"{number}a.png")
    return root


def load(
    lab: Path,
    settings: NormalizationSettings = SETTINGS,
    *,
    memory_share: float = 0.5,
    curled: bool = False,
) -> Chromosomes:
    data_dir = lab.parent / "data"
    builders = open_data_sets({"own": own_options(lab)}, data_dir=data_dir, manual_dir="")
    return load_chromosomes(
        builders["own"],
        data_dir=data_dir,
        normalization=settings,
        memory_share=memory_share,
        progress=False,
        curled=curled,
    )


def watch_raw_images(monkeypatch, module) -> list[int]:
    """Return a list that gets the number of raw images in memory whenever a cell is read."""
    seen: list[weakref.ref[np.ndarray]] = []
    counts: list[int] = []
    iterate_cells = module.iterate_cells

    def watched(builder):
        for records in iterate_cells(builder):
            seen.extend([weakref.ref(one.image) for one in records])
            counts.append(sum(one() is not None for one in seen))
            yield records

    monkeypatch.setattr(module, "iterate_cells", watched)
    return counts


def caches(lab: Path) -> list[Path]:
    return sorted((lab.parent / "data" / "prepared").iterdir())


def assert_equal(one: Chromosomes, other: Chromosomes) -> None:
    for field, array in vars(one).items():
        np.testing.assert_array_equal(array, getattr(other, field))
        assert array.dtype == getattr(other, field).dtype
