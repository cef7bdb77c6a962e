from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from superxception_jax.data.images.pixels import check_size, divide_alpha, from_ink, to_grey, turn


def test_grey_is_luma_as_pillow_computes_it():
    colours = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    grey, colour_levels = to_grey(colours)
    np.testing.assert_array_equal(grey, np.asarray(Image.fromarray(colours).convert("L")))
    spread = colours.max(axis=-1).astype(float) - colours.min(axis=-1)
    assert colour_levels == pytest.approx(spread.mean())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_equal_channels_keep_every_level(dtype):
    top = np.iinfo(dtype).max
    image = np.linspace(0, top, 1000).astype(dtype).reshape(20, 50)
    grey, colour_levels = to_grey(np.repeat(image[..., None], 3, axis=-1))
    np.testing.assert_array_equal(grey, image)
    assert colour_levels == 0


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("noise", [0, 5])
def test_the_only_signal_is_the_image(channel, noise):
    generator = np.random.default_rng(channel)
    colours = generator.integers(0, noise + 1, (20, 20, 3)).astype(np.uint8)
    image = generator.integers(0, 200, (20, 20)).astype(np.uint8)
    colours[..., channel] = image
    grey, colour_levels = to_grey(colours)
    np.testing.assert_array_equal(grey, image)
    assert colour_levels == 0


def test_two_signals_are_colours():
    colours = np.random.default_rng(0).integers(0, 255, (20, 20, 3)).astype(np.uint8)
    colours[..., 1] = 0
    assert to_grey(colours)[1] > 12


def test_colours_are_measured_by_the_depth_of_the_camera():
    colours = np.random.default_rng(0).integers(0, 256, (20, 20, 3)).astype(np.uint8)
    _, levels = to_grey(colours)
    # 12 bits in a file of 16, with and without a statement, and 16 bits of which 12 are used.
    wide = colours.astype(np.uint16) * 16
    assert to_grey(wide)[1] == pytest.approx(levels, rel=0.01)
    assert to_grey(wide, stated_bits=12)[1] == pytest.approx(levels, rel=0.01)
    assert to_grey(wide, stated_bits=16)[1] == pytest.approx(levels / 16, rel=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_turned_as_viewers_turn_them(orientation):
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    exif = Image.Exif()
    exif[274] = orientation
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png", exif=exif)
    with Image.open(file) as picture:
        shown = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(turn(image, orientation), shown)


def test_an_unknown_orientation_is_ignored():
    image = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(turn(image, 9), image)


def test_multiplied_colours_are_divided():
    colours = np.array([[[100], [50], [7]]], np.uint8)
    straight = divide_alpha(colours, np.array([[1.0, 0.25, 0.0]], np.float32))
    assert straight.ravel().tolist() == [100, 200, 7]


def test_ink_becomes_light():
    ink = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 0, 0, 128]]], np.uint8)
    assert from_ink(ink)[0].tolist() == [[255] * 3, [0, 255, 255], [0] * 3, [127] * 3]


def test_sizes_are_named():
    check_size(5_000, 6_000)
    with pytest.raises(ValueError, match="the image has 40,000×1,000 pixels, more than 32 million"):
        check_size(40_000, 1_000)
    with pytest.raises(ValueError, match="it has no pixels"):
        check_size(0, 5)
