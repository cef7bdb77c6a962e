from __future__ import annotations

import functools
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.screening.sight import see
from superxception_jax.data.screening.twins import find_twins as find_twins_of


def find_twins(images, *, background):
    return find_twins_of(see(image, background=background) for image in images)


@functools.cache
def draw(style: str, seed: int = 0) -> list[np.ndarray]:
    cell = draw_numbered_cell(0, seed=seed, style=style, aneuploid_share=0.0)
    return [one.image for one in cell.chromosomes]


def resize(image: np.ndarray, factor: float) -> np.ndarray:
    height, width = (round(side * factor) for side in image.shape)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=quality)
    return np.asarray(Image.open(file))


COPIES = {
    "equal": lambda image: image.copy(),
    "other canvas": lambda image: np.pad(image, ((3, 20), (11, 0)), constant_values=image[0, 0]),
    "JPEG": lambda image: as_jpeg(image, 75),
    "poor JPEG": lambda image: as_jpeg(image, 60),
    "smaller": lambda image: resize(image, 0.8),
    "larger": lambda image: resize(image, 1.25),
    "smaller, JPEG": lambda image: as_jpeg(resize(image, 0.9), 85),
}


@pytest.mark.parametrize("kind", COPIES)
@pytest.mark.parametrize("style", ["q", "g"])
def test_copies_are_found_and_homologues_are_not(kind, style):
    cell = draw(style)
    background = "dark" if style == "q" else "light"
    copies = [COPIES[kind](image) for image in cell]
    pairs = find_twins([*cell, *copies], background=background)
    assert pairs == tuple((index, len(cell) + index) for index in range(len(cell)))


def test_other_brightness_is_no_other_chromosome():
    cell = draw("q")
    pairs = find_twins([*cell, (cell[8] * 0.7).astype(np.uint8)], background="dark")
    assert pairs == ((8, len(cell)),)


@pytest.mark.parametrize("style", ["q", "g"])
def test_cells_of_the_same_style_share_nothing(style):
    images = [image for seed in range(3) for image in draw(style, seed)]
    assert find_twins(images, background="dark" if style == "q" else "light") == ()


def test_each_twin_is_named_once_with_its_first():
    one, other = draw("q")[:2]
    images = iter([one, other, np.pad(one, 4), one.copy(), np.pad(other, 2), np.pad(one, 7)])
    assert find_twins(images, background="dark") == ((0, 2), (0, 3), (1, 4), (0, 5))


def test_mirrored_and_enlarged_pictures_are_not_twins():
    image = draw("q")[0]
    images = [image, image[:, ::-1], image[::-1], resize(image, 2.5)]
    assert find_twins(images, background="dark") == ()


def test_empty_pictures_are_twins_only_if_equal():
    black = np.zeros((20, 9), np.uint8)
    speck = black.copy()
    speck[3, 3] = 255
    images = [black, black.copy(), black[:-1], speck, np.zeros((0, 4), np.uint8)]
    assert find_twins(images, background="dark") == ((0, 1),)
    assert find_twins([], background="dark") == ()


@settings(max_examples=15, deadline=None)
@given(
    margins=st.tuples(*[st.integers(0, 60)] * 4),
    gain=st.floats(0.7, 1.0),
    index=st.integers(0, 45),
)
def test_neither_canvas_nor_gain_hides_a_twin(margins, gain, index):
    cell = draw("q")
    top, bottom, left, right = margins
    copy = np.rint(np.pad(cell[index], ((top, bottom), (left, right))) * gain).astype(np.uint8)
    assert find_twins([cell[index], copy], background="dark") == ((0, 1),)
