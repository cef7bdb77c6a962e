from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalization_steps import (
    AXIS_COLOUR,
    OUTLINE_COLOUR,
    normalization_steps,
)
from tests.data.normalized import normalize_cell

SETTINGS = NormalizationSettings(
    background="auto",
    tilt="remove",
    straightening="none",
    length="cell",
    length_reference="longest",
    length_exponent=1.0,
    absolute_length_px=100.0,
    grey="keep",
    image_px=40,
)


def bar_image() -> np.ndarray:
    """Draw a bar of 30 x 8 pixels away from the middle of the image, with debris."""
    image = np.zeros((60, 50), np.uint8)
    image[20:50, 30:38] = 120
    image[3:6, 3:6] = 200
    return image


def is_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (picture == np.array(colour)).all(axis=-1)


def test_steps_come_in_order_with_their_shapes() -> None:
    steps = normalization_steps(bar_image(), name="a", cell_length_px=60.0, settings=SETTINGS)
    assert list(steps) == ["original", "component", "upright", "straightened", "canvas"]
    assert all(picture.dtype == np.uint8 for picture in steps.values())
    np.testing.assert_array_equal(steps["original"], bar_image())
    assert steps["component"].shape == (60, 50, 3)
    assert steps["upright"].shape[2] == 3
    assert steps["straightened"].shape == (30, 11)
    assert steps["canvas"].shape == (40, 40)


def test_outline_is_drawn_on_the_chromosome_only() -> None:
    steps = normalization_steps(bar_image(), name="a", cell_length_px=None, settings=SETTINGS)
    green = is_colour(steps["component"], OUTLINE_COLOUR)
    expected = np.zeros((60, 50), bool)
    expected[20:50, 30:38] = True
    expected[21:49, 31:37] = False
    np.testing.assert_array_equal(green, expected)


def test_axis_is_drawn_along_the_upright_bar() -> None:
    steps = normalization_steps(bar_image(), name="a", cell_length_px=None, settings=SETTINGS)
    red = is_colour(steps["upright"], AXIS_COLOUR)
    assert 29 <= red.any(axis=1).sum() <= 32
    assert red.any(axis=0).sum() <= 2


def test_canvas_is_that_of_the_cell() -> None:
    images = [bar_image(), np.pad(np.full((54, 9), 99, np.uint8), 5)]
    canvases = normalize_cell(images, names=["a", "b"], settings=SETTINGS)
    steps = normalization_steps(bar_image(), name="a", cell_length_px=54.0, settings=SETTINGS)
    assert np.abs(steps["canvas"].astype(int) - canvases[0, ..., 0]).max() <= 6
    alone = normalization_steps(bar_image(), name="a", cell_length_px=None, settings=SETTINGS)
    assert (alone["canvas"] > 40).any(axis=1).sum() == 38


@pytest.mark.parametrize("changes", [{}, {"grey": "cell"}, {"length_reference": "lengths"}])
def test_canvas_of_an_image_alone_is_that_of_a_cell_of_one(changes) -> None:
    settings = dataclasses.replace(SETTINGS, **changes)
    (canvas,) = normalize_cell([bar_image()], names=["a"], settings=settings)
    steps = normalization_steps(bar_image(), name="a", cell_length_px=None, settings=settings)
    np.testing.assert_array_equal(steps["canvas"], canvas[..., 0])


def test_light_image_keeps_its_original_look() -> None:
    light = 255 - bar_image()
    settings = dataclasses.replace(SETTINGS, background="light")
    steps = normalization_steps(light, name="a", cell_length_px=None, settings=settings)
    np.testing.assert_array_equal(steps["original"], light)
    assert steps["canvas"][0, 0] == 0


def test_blank_image_is_named() -> None:
    blank = np.zeros((30, 30), np.uint8)
    with pytest.raises(ValueError, match=r"^7 3a: `image` must show a chromosome"):
        normalization_steps(blank, name="7 3a", cell_length_px=None, settings=SETTINGS)
