"""The cells of `stain.py`: of known and of foreign stains, for development and for the test."""

from __future__ import annotations

import csv
import dataclasses
import functools
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from scipy import ndimage

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, class_label, natural_key
from superxception_jax.data.bands import Band, load_bands
from superxception_jax.data.bioimage.archive import PADOVA_COUNTS, load_bioimage
from superxception_jax.data.gband.archive import GBAND_COUNTS, load_gband
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.ideogram.chromosome_image import (
    PLACES_PER_PX,
    Optics,
    draw_chromosome,
)
from superxception_jax.data.ideogram.profile import draw_profile
from superxception_jax.data.ideogram.styles import style_named
from superxception_jax.data.images.image_file import decode_image
from superxception_jax.data.normalization.crop import find_chromosome
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.splits import SplitSettings, make_split
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS
from superxception_jax.runs.workdir import load_config
from superxception_jax.studies.damage import corrupt

PARTS = ("development", "test")
MOST_TSENG_CELLS = 150  # of each part, drawn at random
SYNTHETIC_CELLS = 10


@dataclasses.dataclass(frozen=True)
class Cell:
    """The images of a cell, bright on black.

    Attributes:
        images: N arrays u8[H,W].
        labels: i64[N], true classes.
        names: Names of the images in their data set, where a benchmark asks for them.
    """

    images: tuple[np.ndarray, ...]
    labels: np.ndarray
    names: tuple[str, ...] = ()


def load_padova(folder: Path, part: str) -> list[Cell]:
    """Return the cells of the Padova set that validated (development) or tested the Q network."""
    return _held_out(
        load_bioimage(folder, expected=PADOVA_COUNTS), DEFAULT_CLASSIFIERS["dark"], part
    )


def load_gband_karyograms(folder: Path, part: str, *, run: Path | None = None) -> list[Cell]:
    """Return the G-band cells that validated (development) or tested the G network, or a run's."""
    records = load_gband(folder, expected=GBAND_COUNTS)
    return _invert(_held_out(records, run or DEFAULT_CLASSIFIERS["light"], part))


def load_tseng(folder: Path, part: str) -> list[Cell]:
    """Return some cells of a second laboratory that validated or tested the G network."""
    cells, table = _read_zip(folder / "tseng_isolated.zip")
    names = np.array(list(cells))
    cases = np.array([table[name]["case"] for name in names])
    # Its split keeps cases whole, so that a cell stands for its images.
    split = make_split(
        np.zeros(len(names), np.int32),
        names,
        cases,
        settings=_split_of(DEFAULT_CLASSIFIERS["light"]),
    )
    held_out = names[split.validation if part == "development" else split.test]
    some = np.sort(np.random.default_rng(0).permutation(len(held_out))[:MOST_TSENG_CELLS])
    return _invert([cells[held_out[index]] for index in some])


def load_dapi(folder: Path, part: str) -> list[Cell]:
    """Return every second cell of the DAPI set."""
    cells, _ = _read_zip(folder / "mfish_dapi.zip")
    return list(cells.values())[PARTS.index(part) :: 2]


def draw_shuffled(style: str, part: str) -> list[Cell]:
    """Return synthetic cells whose chromosomes have each other's stains from band to band."""
    return [
        _draw_shuffled(np.random.default_rng([PARTS.index(part), number, 99]), style)
        for number in range(SYNTHETIC_CELLS)
    ]


def draw_true(style: str, part: str) -> list[Cell]:
    """Return synthetic cells with the bands of the ideogram."""
    cells = []
    for number in range(SYNTHETIC_CELLS):
        drawn = draw_numbered_cell(
            number, seed=PARTS.index(part), style=style, aneuploid_share=0.0
        ).chromosomes
        labels = np.array([one.label for one in drawn])
        cells.append(Cell(tuple(one.image for one in drawn), labels))
    return _invert(cells) if style == "g" else cells


def damage(cells: Sequence[Cell], *, kind: str, level: float) -> list[Cell]:
    """Return damaged cells, see `superxception_jax.studies.damage.corrupt`."""
    damaged = []
    for number, cell in enumerate(cells):
        generator = np.random.default_rng([number])
        change = functools.partial(
            corrupt, kind=kind, level=level, background="dark", generator=generator
        )
        damaged.append(_map(cell, change))
    return damaged


def reverse_bands(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells whose bright bands are dull and whose dull bands are bright, as R-bands are."""
    return [_map(cell, _reverse) for cell in cells]


def remove_bands(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells of evenly bright chromosomes, as after solid staining."""
    return [_map(cell, _flatten) for cell in cells]


def _map(cell: Cell, change: Callable[[np.ndarray], np.ndarray]) -> Cell:
    return dataclasses.replace(cell, images=tuple(change(one) for one in cell.images))


def _invert(cells: Sequence[Cell]) -> list[Cell]:
    return [_map(cell, lambda image: 255 - image) for cell in cells]


def _held_out(records: Sequence[ChromosomeRecord], network: Path, part: str) -> list[Cell]:
    """Return the cells of a part of the split by which a network was trained."""
    split = make_split(
        np.array([one.label for one in records], np.int32),
        np.array([one.cell for one in records]),
        np.array([one.case for one in records]),
        settings=_split_of(network),
    )
    by_cell: dict[str, list[ChromosomeRecord]] = {}
    for index in split.validation if part == "development" else split.test:
        by_cell.setdefault(records[index].cell, []).append(records[index])
    return [
        Cell(
            tuple(one.image for one in some),
            np.array([one.label for one in some]),
            tuple(one.name for one in some),
        )
        for some in by_cell.values()
    ]


def _split_of(network: Path) -> SplitSettings:
    return build_experiment(load_config(network)).split


def _read_zip(path: Path) -> tuple[dict[str, Cell], Mapping[str, Mapping[str, str]]]:
    """Return the cells of `<set>/<cell>/<name> <class>.png` and the rows of `<set>/cells.csv`."""
    images: dict[str, list[np.ndarray]] = {}
    labels: dict[str, list[int]] = {}
    with zipfile.ZipFile(path) as opened:
        for name in sorted(opened.namelist(), key=natural_key):
            file = PurePosixPath(name)
            if file.suffix == ".png":
                image = decode_image(opened.read(name)).grey
                images.setdefault(file.parent.name, []).append(image)
                label = class_label(file.stem.rpartition(" ")[2])
                labels.setdefault(file.parent.name, []).append(label)
        text = opened.read(f"{path.stem}/cells.csv").decode("utf-8-sig")
    rows = {row["cell"]: row for row in csv.DictReader(io.StringIO(text))}
    cells = {name: Cell(tuple(some), np.array(labels[name])) for name, some in images.items()}
    return cells, rows


def _reverse(image: np.ndarray) -> np.ndarray:
    mask = find_chromosome(image)
    low, high = np.percentile(image[mask].astype(np.float64), [5, 98])
    changed = image.copy()
    changed[mask] = np.clip(low + high - image[mask], 1, 255).astype(np.uint8)
    return changed


def _flatten(image: np.ndarray) -> np.ndarray:
    mask = find_chromosome(image)
    even = ndimage.gaussian_filter(mask.astype(np.float64), 1.0) * image[mask].mean()
    noise = np.random.default_rng(0).normal(0.0, 2.0, image.shape)
    return np.clip(even + noise, 0, 255).astype(np.uint8)


def _draw_shuffled(generator: np.random.Generator, style: str) -> Cell:
    statistics = style_named(style)
    scale = float(np.exp(generator.normal(0.0, statistics.px_per_unit_log_sd)))
    optics = Optics(
        px_per_unit=statistics.px_per_unit_median * scale,
        width_px=statistics.width_px_median * scale**0.5,
        groove=float(np.mean(statistics.groove)),
        blur_px=statistics.blur_px[0],
        brightness=statistics.brightness_median,
        background=0.0,
    )
    tables = {
        name: _shuffle(bands, generator)
        for name, bands in load_bands(int(generator.choice([400, 550]))).items()
    }
    y = int(generator.random() < 0.5)
    labels = np.array([*np.repeat(np.arange(AUTOSOMES), 2), AUTOSOMES, AUTOSOMES + y])
    images = []
    for label in labels:
        profile = draw_profile(
            generator,
            tables[CLASS_NAMES[label]],
            style=statistics,
            places_per_unit=optics.px_per_unit * PLACES_PER_PX,
        )
        images.append(draw_chromosome(generator, profile, optics=optics, style=statistics))
    cell = Cell(tuple(images), labels)
    return _invert([cell])[0] if style == "g" else cell


def _shuffle(bands: tuple[Band, ...], generator: np.random.Generator) -> tuple[Band, ...]:
    """Give every band but those of the centromere the stain of another one."""
    free = [place for place, band in enumerate(bands) if band.stain != "acen"]
    shuffled = list(bands)
    for place, other in zip(free, generator.permutation(free), strict=True):
        shuffled[place] = dataclasses.replace(
            bands[place], stain=bands[other].stain, density=bands[other].density
        )
    return tuple(shuffled)
