"""Measure on real cells what the screening of a cell's images sets aside, rightly and wrongly.

Wrongly: every cell is screened as it is, and each image set aside is listed, to be looked at.
Rightly: one image that is no chromosome of the cell, built from its real images, is put among
them; it counts as caught if it is set aside, or refused by measuring, and no other image is. Most
thresholds were chosen on the odd cells (in natural order), those of twins on all cells.

Examples:
  python benchmarks/screening.py --set bioimage --manual_dir data/bioimlab_qband.zip
  python benchmarks/screening.py --set own --manual_dir my_folder --background light --half odd
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from tqdm import tqdm

from superxception_jax.chromosomes import natural_key
from superxception_jax.commands import run_guarded
from superxception_jax.data.bioimage.archive import PADOVA_COUNTS, load_bioimage
from superxception_jax.data.gband.archive import GBAND_COUNTS, load_gband
from superxception_jax.data.normalization.crop import crop_chromosome
from superxception_jax.data.normalization.measure import measure_chromosome
from superxception_jax.data.own.folder import find_folder, load_folder, read_folder
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.screening.screen import screen_cell
from superxception_jax.data.screening.sight import see

FEW = 3  # images of an incomplete cell: only the checks of single images apply
Cell = list[np.ndarray]  # bright on black, u8[H,W]
Make = Callable[[np.random.Generator, Cell], np.ndarray]


def _pick(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    return cell[generator.integers(len(cell))]


def _crops(generator: np.random.Generator, cell: Cell, count: int) -> Cell:
    chosen = generator.choice(len(cell), count, replace=False)
    return [crop_chromosome(cell[index], background="dark").image for index in chosen]


def _beside(one: np.ndarray, other: np.ndarray, *, gap_px: int) -> np.ndarray:
    """Set two images side by side, their middles at one height."""
    height = max(len(one), len(other))
    canvas = np.zeros((height, one.shape[1] + gap_px + other.shape[1]), np.uint8)
    for image, left in ((one, 0), (other, one.shape[1] + gap_px)):
        top = (height - len(image)) // 2
        canvas[top : top + len(image), left : left + image.shape[1]] = image
    return canvas


def side_by_side(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw two chromosomes next to each other; crops bring 8 px of margin between them."""
    return _beside(*_crops(generator, cell, 2), gap_px=int(generator.integers(-4, 20)))


def one_above_another(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw two chromosomes end to end, a chromosome's width and more apart."""
    one, other = _crops(generator, cell, 2)
    gap_px = int(generator.integers(4, 30))
    return _beside(one.T, other.T, gap_px=gap_px).T.copy()


def metaphase(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw all chromosomes of the cell, turned and scattered."""
    side = int(3.2 * np.sqrt(sum(image.size for image in cell)))
    canvas = np.zeros((side, side), np.uint8)
    for crop in _crops(generator, cell, len(cell)):
        turned = ndimage.rotate(crop, generator.uniform(0, 360), order=1)
        top, left = (int(generator.integers(side - length)) for length in turned.shape)
        place = canvas[top : top + len(turned), left : left + turned.shape[1]]
        np.maximum(place, turned, out=place)
    return canvas


def _shrunk_metaphase(side_px: int) -> Make:
    def make(generator: np.random.Generator, cell: Cell) -> np.ndarray:
        picture = Image.fromarray(metaphase(generator, cell))
        return np.asarray(picture.resize((side_px, side_px), Image.Resampling.BOX))

    return make


def karyogram(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw all chromosomes in rows, with numbers below them."""
    crops = _crops(generator, cell, len(cell))
    cell_px = max(max(crop.shape) for crop in crops)
    picture = Image.new("L", (12 * cell_px, -(-len(crops) // 12) * (cell_px + 20)))
    for index, crop in enumerate(crops):
        left, top = index % 12 * cell_px, index // 12 * (cell_px + 20)
        picture.paste(Image.fromarray(crop), (left, top))
        ImageDraw.Draw(picture).text((left, top + cell_px), str(index // 2 + 1), fill=255)
    return np.asarray(picture)


def nucleus(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw a smooth disc, a little oval, 3 to 10 times as wide as a chromosome and as bright."""
    crops = _crops(generator, cell, min(9, len(cell)))
    width = np.median([2 * ndimage.distance_transform_edt(crop > 30).max() for crop in crops])
    radius = generator.uniform(3, 10) * width / 2
    bright = np.median([np.median(crop[crop > 30]) for crop in crops])
    side = int(3 * radius) + 12
    rows, columns = np.mgrid[:side, :side] - side / 2
    distance = np.hypot(rows, columns * generator.uniform(0.8, 1.25))
    texture = ndimage.gaussian_filter(generator.standard_normal((side, side)), radius / 8)
    grey = bright * (1 + 0.1 * texture / texture.std()) / (1 + np.exp((distance - radius) / 1.5))
    return np.clip(grey, 0, 255).astype(np.uint8)


def scale_bar(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw a scale bar alone, lying or upright, black to half bright."""
    del cell
    height, width = int(generator.integers(3, 8)), int(generator.integers(20, 120))
    bar = np.full((height, width), generator.integers(120, 256), np.uint8)
    return np.pad(bar if generator.random() < 0.7 else bar.T, int(generator.integers(1, 20)))


def bar_beside(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw a scale bar as large as half of the chromosome beside it, or larger."""
    crop = _crops(generator, cell, 1)[0]
    height = int(generator.integers(3, 7))
    width = int((crop > 30).sum() * generator.uniform(0.5, 1.5) / height)
    bar = np.full((height, width), 255, np.uint8)
    return _beside(crop.T, bar.T, gap_px=int(generator.integers(3, 20))).T.copy()


def label(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw a line of writing alone."""
    del cell
    text = str(generator.choice(["21", "chr 7", "10 µm", "scan 3", "X", "case 12 cell 4"]))
    size = int(generator.integers(10, 40))
    picture = Image.new("L", (size * len(text) + 20, 2 * size))
    font = ImageFont.load_default(size)
    ImageDraw.Draw(picture).text((10, size // 3), text, fill=255, font=font)
    return np.asarray(picture)


def framed(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw a frame of one or two pixels around a chromosome, larger than the chromosome."""
    crop = _crops(generator, cell, 1)[0]
    margin = int((crop > 30).sum() / 8)
    width = int(generator.integers(1, 3))
    return np.pad(np.pad(crop, margin), width, constant_values=255)


def dirt(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Draw a speck of 1 to 10 % of the area of a middling chromosome."""
    middling = np.median([(image > 30).sum() for image in cell])
    radius = np.sqrt(generator.uniform(0.01, 0.1) * middling / np.pi)
    side = int(4 * radius) + 12
    rows, columns = np.mgrid[:side, :side] - side / 2
    return np.where(np.hypot(rows, columns) <= radius, 150, 0).astype(np.uint8)


def copied(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Return a chromosome on another canvas."""
    return np.pad(_pick(generator, cell), generator.integers(1, 30, (2, 2)))


def as_jpeg(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Return a chromosome that was saved as a JPEG file of quality 50 to 95."""
    file = io.BytesIO()
    picture = Image.fromarray(_pick(generator, cell))
    picture.save(file, "jpeg", quality=int(generator.integers(50, 96)))
    return np.asarray(Image.open(file))


def other_greys(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Return a chromosome whose grey levels were scaled, as from another bit depth."""
    return np.rint(_pick(generator, cell) * generator.uniform(0.7, 1.0)).astype(np.uint8)


def resized(generator: np.random.Generator, cell: Cell) -> np.ndarray:
    """Return a chromosome at 0.8 to 1.25 of its size."""
    picture = Image.fromarray(_pick(generator, cell))
    factor = np.exp(generator.uniform(-0.223, 0.223))
    size = [max(1, round(side * factor)) for side in picture.size]
    return np.asarray(picture.resize((size[0], size[1]), Image.Resampling.BICUBIC))


KINDS: dict[str, Make] = {
    "two side by side": side_by_side,
    "two end to end": one_above_another,
    "metaphase": metaphase,
    "metaphase of 200 px": _shrunk_metaphase(200),
    "metaphase of 80 px": _shrunk_metaphase(80),
    "metaphase of 40 px": _shrunk_metaphase(40),
    "karyogram": karyogram,
    "nucleus": nucleus,
    "scale bar": scale_bar,
    "bar beside a chromosome": bar_beside,
    "label": label,
    "frame": framed,
    "dirt": dirt,
    "twin, other canvas": copied,
    "twin, JPEG": as_jpeg,
    "twin, other greys": other_greys,
    "twin, resized": resized,
}
# What the checks of a single image can't tell, because it takes the sizes of the others.
RELATIVE = ("nucleus", "dirt")


def load_cells(arguments: argparse.Namespace) -> dict[str, list[ChromosomeRecord]]:
    """Return the records of the chosen half of the cells by cell, in natural order."""
    folder = arguments.manual_dir
    if arguments.set == "bioimage":
        records = load_bioimage(folder, expected=PADOVA_COUNTS)
    elif arguments.set == "gband":
        records = load_gband(folder, expected=GBAND_COUNTS)
    else:
        read = read_folder(find_folder(folder), twins="allow")
        records = load_folder(read, twins="allow", polarity="upright", background="auto")
    cells: dict[str, list[ChromosomeRecord]] = {}
    for record in records:
        cells.setdefault(record.cell, []).append(record)
    names = sorted(cells, key=natural_key)[arguments.half == "even" :: 2]
    return {name: cells[name] for name in names[:: arguments.every]}


def is_caught(foreign: np.ndarray, cell: Cell, known: set[int], *, light: bool) -> bool:
    """Return whether the foreign image, put last, is the only further one set aside.

    Args:
        foreign: u8[H,W], bright on black.
        cell: Images of the cell.
        known: Images that are set aside without the foreign one.
        light: Whether the images are shown dark on white, as the screening gets them.
    """
    images = [255 - one if light else one for one in (*cell, foreign)]
    names = [str(index) for index in range(len(images))]
    background = "light" if light else "dark"
    sights = [see(image, background=background) for image in images]
    found = {one.index for one in screen_cell(sights, names=names, background=background)}
    if found == known:
        try:
            measure_chromosome(images[-1], background=background)
        except ValueError:
            return True
    return found == known | {len(cell)}


def main() -> None:
    """Print the images of real cells that are set aside, and the share caught of each kind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", choices=("bioimage", "gband", "own"), required=True)
    parser.add_argument("--manual_dir", required=True, help="Archive or folder of the set.")
    parser.add_argument("--background", choices=("dark", "light"), default="light", help="Of own.")
    parser.add_argument("--half", choices=("odd", "even"), default="even")
    parser.add_argument("--every", type=int, default=1, help="Use every n-th cell (default: 1).")
    parser.add_argument("--foreign", type=int, default=1, help="Images of each kind per cell.")
    arguments = parser.parse_args()
    cells = load_cells(arguments)
    light = arguments.set == "gband" or (arguments.set == "own" and arguments.background == "light")
    generator = np.random.default_rng(0)
    aside, caught, tried = 0, dict.fromkeys(KINDS, 0), 0
    alone = dict.fromkeys(KINDS, 0)
    for records in tqdm(cells.values(), unit="cell"):
        images, names = [one.image for one in records], [one.name for one in records]
        background = "light" if light else "dark"
        sights = [see(image, background=background) for image in images]
        found = screen_cell(sights, names=names, background=background)
        aside += len(found)
        for one in found:
            tqdm.write(f"{names[one.index]}: {one.reason}")
        bright = [255 - image if light else image for image in images]
        for _ in range(arguments.foreign):
            tried += 1
            few = [bright[index] for index in generator.choice(len(bright), FEW, replace=False)]
            for kind, make in KINDS.items():
                known = {one.index for one in found}
                caught[kind] += is_caught(make(generator, bright), bright, known, light=light)
                foreign = make(generator, few if kind.startswith("twin") else bright)
                alone[kind] += is_caught(foreign, few, set(), light=light)
    total = sum(len(records) for records in cells.values())
    print(f"{len(cells)} cells, {total} images, {aside} set aside: {aside / total:.3%}")
    print(f"\n| foreign image | caught of {tried} | in a cell of {FEW} |\n| --- | --: | --: |")
    for kind in KINDS:
        few_text = "-" if kind in RELATIVE else f"{alone[kind] / tried:.1%}"
        print(f"| {kind} | {caught[kind] / tried:.1%} | {few_text} |")


if __name__ == "__main__":
    run_guarded(main)
