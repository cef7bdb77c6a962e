from __future__ import annotations

import functools
import re
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from superxception_jax.data.ideogram.constitution import parse_karyotype
from superxception_jax.data.ideogram.synthetic_cell import draw_chromosomes
from superxception_jax.data.images.image_file import decode_image
from superxception_jax.data.normalization.crop import crop_chromosome
from superxception_jax.data.screening.screen import FEWEST_OTHERS, screen_cell
from superxception_jax.data.screening.sight import see
from tests.paths import REAL_DATA

BACKGROUNDS = {"q": "dark", "g": "light"}
# What the checks of a single image find, and what takes the others of a cell.
ALONE = {
    "two side by side": "two separate pieces of chromosome size; crop it to one chromosome",
    "two end to end": "two separate pieces of chromosome size; crop it to one chromosome",
    "three": "three separate pieces of chromosome size; crop it to one chromosome",
    "metaphase": r"shows \d+ objects: probably a whole metaphase",
    "small metaphase": r"shows \d+ objects: probably a whole metaphase",
    "scale bar": "straight edges: probably a scale bar, a frame, or an image without background",
    "frame": "straight edges: probably a scale bar, a frame, or an image without background",
    "photograph": "straight edges: probably a scale bar, a frame, or an image without background",
    "slanted bar": r"probably a scale bar or label \(thin lines, or a single grey level\)",
    "letter": r"probably a scale bar or label \(thin lines, or a single grey level\)",
    "bar beside": "a scale bar or label beside the chromosome; crop it away",
}
COMPARED = {
    "nucleus": r"looks like a nucleus: round and \d\.\d times as wide as the chromosomes",
    "cluster": r"too wide for a chromosome .* \(\d\.\d times the median width of the others\): .*",
    "chain": r"too large for a chromosome .* \(\d+\.\d times the median area of the others\)",
    "dirt": "too small for a chromosome of this cell: probably debris",
    "small piece": "two separate pieces of chromosome size; crop it to one chromosome",
}


@functools.cache
def draw(style: str, seed: int = 0, karyotype: str = "46,XY") -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    cell = draw_chromosomes(generator, karyotype=parse_karyotype(karyotype), style=style)
    return [one.image for one in cell.chromosomes]


def screen_images(images: list[np.ndarray], names: list[str], background: str) -> tuple:
    sights = [see(image, background=background) for image in images]
    return screen_cell(sights, names=names, background=background)


def screen(images: list[np.ndarray], style: str) -> dict[int, str]:
    names = [f"{index}.png" for index in range(len(images))]
    found = screen_images(images, names, BACKGROUNDS[style])
    return {one.index: one.reason for one in found}


def row(*images: np.ndarray, gap_px: int) -> np.ndarray:
    """Set images side by side on black."""
    height = max(map(len, images))
    parts = []
    for image in images:
        below = height - len(image)
        parts.append(np.pad(image, ((below // 2, below - below // 2), (gap_px, 0))))
    return np.concatenate(parts, axis=1)


def disc(radius_px: float, grey: float) -> np.ndarray:
    side = int(2 * radius_px) + 12
    distance = np.hypot(*(np.mgrid[:side, :side] - side / 2))
    shade = 1 + 0.1 * np.sin(np.arange(side) / 3)
    return (grey * shade / (1 + np.exp(np.minimum(distance - radius_px, 50)))).astype(np.uint8)


def rod(length_px: float, width_px: float) -> np.ndarray:
    bands = 130 + 40 * np.sin(np.arange(int(length_px)) / 4)
    sharp = np.pad(np.repeat(bands[:, None], int(width_px), axis=1), 9)
    return ndimage.gaussian_filter(sharp, 1.5).astype(np.uint8)


def letter() -> np.ndarray:
    picture = Image.new("L", (40, 50))
    ImageDraw.Draw(picture).text((8, 4), "X", fill=255, font=ImageFont.load_default(36))
    return np.asarray(picture)


def make_foreign(kind: str, cell: list[np.ndarray]) -> np.ndarray:
    """Build an image that is no chromosome from a cell, bright on black."""
    crops = [crop_chromosome(image, background="dark").image for image in cell]
    width_px = 2 * ndimage.distance_transform_edt(crops[0] > 30).max()
    if kind in ("metaphase", "small metaphase"):
        rows = [row(*crops[start : start + 12], gap_px=8) for start in range(0, 46, 12)]
        whole = row(*(one.T for one in rows), gap_px=8).T
        size = (whole.shape[1], whole.shape[0]) if kind == "metaphase" else (70, 60)
        return np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.BOX))
    bar = np.full((5, 60), 255, np.uint8)
    makers = {
        "two side by side": lambda: row(crops[0], crops[1], gap_px=0),
        "two end to end": lambda: row(crops[2].T, crops[44].T, gap_px=int(width_px)).T,
        "three": lambda: row(*crops[:3], gap_px=6),
        "small piece": lambda: row(crops[0], crops[40][: int(0.7 * len(crops[40]))], gap_px=6),
        "scale bar": lambda: np.pad(bar, 9),
        "slanted bar": lambda: ndimage.rotate(np.pad(bar, 9), 20, order=1),
        "frame": lambda: np.pad(np.pad(crops[40], 40), 1, constant_values=255),
        "photograph": lambda: np.random.default_rng(0).integers(90, 160, (60, 50), np.uint8),
        "letter": letter,
        "bar beside": lambda: row(crops[30].T, bar.T, gap_px=5).T,
        "nucleus": lambda: disc(2 * width_px, 120),
        "cluster": lambda: ndimage.zoom(crops[0], 2.6, order=1)[:, : int(4 * width_px)],
        "chain": lambda: rod(20 * width_px, width_px),
        "dirt": lambda: disc(2.6, 120),
    }
    return makers[kind]()


@pytest.mark.parametrize("style", ["q", "g"])
@pytest.mark.parametrize("seed", range(6))
def test_real_cells_are_left_whole(style, seed):
    cell = draw(style, seed, ("46,XX", "47,XY,+21", "45,X")[seed % 3])
    assert screen(cell, style) == {}
    assert screen(cell[:3], style) == {}
    assert screen(cell[38:], style) == {}


@pytest.mark.parametrize("style", ["q", "g"])
@pytest.mark.parametrize("kind", ALONE | COMPARED)
def test_a_foreign_image_is_set_aside_and_no_other(kind, style):
    cell = draw(style)
    bright = cell if style == "q" else [255 - image for image in cell]
    foreign = make_foreign(kind, bright)
    foreign = foreign if style == "q" else 255 - foreign
    found = screen([*cell[:7], foreign, *cell[7:]], style)
    assert list(found) == [7]
    assert re.fullmatch((ALONE | COMPARED)[kind], found[7])
    alone = screen([foreign], style)
    assert alone == ({0: found[7]} if kind in ALONE else {})


@pytest.mark.parametrize("gap_px", [1, 3])
@pytest.mark.parametrize("style", ["q", "g"])
def test_a_chromosome_split_at_a_pale_band_is_one(style, gap_px):
    image = draw(style)[0]
    bright = image if style == "q" else 255 - image
    middle = len(bright) // 2
    for row_px in (middle, len(bright) // 3):
        split = bright.copy()
        split[row_px : row_px + gap_px] = 4
        assert screen([split if style == "q" else 255 - split], style) == {}


def test_a_satellite_on_a_stalk_belongs_to_the_chromosome():
    image = np.zeros((70, 50), np.uint8)
    image[30:64, 20:32] = 150
    image[24:30, 25:27] = 12  # a stalk below the threshold
    image[16:24, 20:30] = 120
    smooth = ndimage.gaussian_filter(image, 1.0)
    assert screen([255 - smooth], "g") == {}


def test_debris_and_small_writing_beside_a_chromosome_do_no_harm():
    image = np.pad(draw("q")[0], 30)
    image[3:7, 3:8] = 200
    image[12:15, 40:44] = 90
    assert screen([image], "q") == {}


def test_one_wrong_image_leaves_the_judgement_of_the_others():
    cell = draw("q")
    width_px = 2 * ndimage.distance_transform_edt(cell[0] > 30).max()
    foreign = [make_foreign(kind, cell) for kind in ("metaphase", "scale bar", "letter")]
    foreign += [disc(scale * width_px, 120) for scale in (1.6, 3, 6)]
    foreign += [disc(radius_px, 120) for radius_px in (2.0, 2.05, 2.1, 2.15, 2.2, 2.25)]
    assert list(screen([*foreign, *cell], "q")) == list(range(len(foreign)))


@pytest.mark.parametrize("largest", [0, 2])
def test_few_chromosomes_of_a_cell_are_no_standard_for_size(largest):
    cell = draw("g")
    assert screen([*cell[36:44], cell[largest]], "g") == {}
    assert screen([*cell[:8], cell[42]], "g") == {}
    tiny = 255 - disc(2.4, 120)
    assert screen([*cell[: FEWEST_OTHERS - 1], tiny], "g") == {}
    assert list(screen([*cell[:FEWEST_OTHERS], tiny], "g")) == [FEWEST_OTHERS]


def test_a_twin_is_set_aside_and_names_the_first():
    cell = draw("q")
    names = [f"scan 3{letter}.png" for letter in "abc"]
    images = [cell[4], np.pad(cell[4], 9), cell[5]]
    found = screen_images(images, names, "dark")
    assert [(one.index, one.reason) for one in found] == [(1, "the same image as `scan 3a.png`")]


def test_a_foreign_image_is_named_by_itself_and_not_as_a_twin():
    cell = draw("q")
    bar = make_foreign("scale bar", cell)
    assert screen([bar, bar, *cell], "q") == dict.fromkeys((0, 1), ALONE["scale bar"])


@pytest.mark.parametrize(
    "image",
    [np.zeros((30, 20), np.uint8), np.zeros((0, 9), np.uint8), np.full((2, 3), 90, np.uint8)],
)
def test_what_shows_nothing_is_left_to_the_measuring(image):
    assert screen([image, *draw("q")], "q") == {}
    assert screen_cell([], names=[], background="dark") == ()


@settings(max_examples=80, deadline=None)
@given(
    image=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=24)),
    style=st.sampled_from(["q", "g"]),
)
def test_no_picture_ends_the_screening(image, style):
    assert set(screen([image, image], style)) <= {0, 1}


@pytest.mark.parametrize("shape", [(3000, 2500), (1, 2_000_000)])
def test_a_large_picture_costs_little(shape):
    picture = np.random.default_rng(0).integers(0, 9, shape, np.uint8)
    picture[:, shape[1] // 3 :] = 120
    tracemalloc.start()
    assert list(screen([picture], "q")) == [0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * picture.size


def test_what_is_wrong_with_the_arguments_is_said():
    with pytest.raises(ValueError, match="`names` must be as many as `sights`, got 1 and 0"):
        screen_cell([], names=["a"], background="dark")


def load(archive: str, folder: str) -> dict[str, np.ndarray]:
    path = REAL_DATA / archive
    if not path.exists():
        pytest.skip(f"{archive} is not here")
    with zipfile.ZipFile(path) as opened:
        files = sorted(name for name in opened.namelist() if folder in name and "." in name[-5:])
        return {name.rpartition("/")[2]: decode_image(opened.read(name)).grey for name in files}


# Cells 17 and 39 hold chromosomes that the threshold splits; 8, 34 and 98 hold the same
# chromosome twice, under two names.
@pytest.mark.parametrize(
    ("cell", "twins"),
    [
        ("17", {}),
        ("39", {}),
        ("81", {}),
        ("8", {"8 22b.bmp": "8 21a.bmp"}),
        ("34", {"34 17b.bmp": "34 17a.bmp", "34 23b.bmp": "34 23a.bmp"}),
    ],
)
def test_real_q_band_cells(cell, twins):
    images = load("bioimlab_qband.zip", f"/{cell}/")
    assert len(images) == 46
    found = screen_images(list(images.values()), list(images), "dark")
    said = {list(images)[one.index]: one.reason for one in found}
    assert said == {name: f"the same image as `{first}`" for name, first in twins.items()}


def test_a_real_g_band_cell_with_two_chromosomes_in_one_image():
    images = load("gband_karyograms.zip", "/97002398.22.tiff/")
    found = screen_images(list(images.values()), list(images), "light")
    assert [(list(images)[one.index], one.reason) for one in found] == [
        ("clase22_0_97002398.22.tiff", ALONE["two side by side"])
    ]
