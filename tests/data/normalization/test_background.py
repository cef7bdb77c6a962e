from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from superxception_jax.data.ideogram.synthetic_cell import draw_cell
from superxception_jax.data.images.image_file import DecodedImage, decode_image
from superxception_jax.data.normalization.background import fill_transparency, level_cell
from superxception_jax.data.normalization.measure import measure_cell
from tests.data.picture_versions import (
    DARK_ONLY,
    LIGHT_ONLY,
    VERSIONS,
    cut_out,
    framed,
    noisy,
    on_grey,
    png,
    scaled,
    uneven,
)

KINDS = {"g": "light", "q": "dark"}


@functools.cache
def cell(style: str, seed: int = 3) -> tuple[np.ndarray, ...]:
    drawn = draw_cell(np.random.default_rng(seed), style=style, aneuploid_share=0.0)
    return tuple(one.image for one in drawn.chromosomes[::6])


def decoded(images) -> list[DecodedImage]:
    return [DecodedImage(image, 0.0) for image in images]


def lengths(images, kind: str) -> np.ndarray:
    names = [str(index) for index in range(len(images))]
    return np.array([one.length_px for one in measure_cell(images, names=names, background=kind)])


CASES = [
    (style, version)
    for style, others in (("g", DARK_ONLY), ("q", LIGHT_ONLY))
    for version in VERSIONS
    if version not in others
]


@pytest.mark.parametrize(("style", "version"), CASES)
def test_every_version_of_a_cell_is_the_same_cell(style, version):
    images, kind = cell(style), KINDS[style]
    files = [decode_image(content) for content in VERSIONS[version](images)]
    assert max(one.colour_levels for one in files) == 0
    leveled = level_cell(files, background="auto")
    assert leveled.background.kind == kind
    found, expected = lengths(leveled.images, kind), lengths(images, kind)
    # A cut-out lacks outer pixels of the chromosome, and noise may hide a pale stalk.
    tolerance = 5.0 if "cut-out" in version or "noisy" in version else 1.5
    np.testing.assert_allclose(found, expected, atol=tolerance)
    again = level_cell(decoded(leveled.images), background="auto")
    assert again.background.kind == kind
    for one, other in zip(leveled.images, again.images, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("style", KINDS)
@pytest.mark.parametrize("background", ["auto", "own"])
def test_images_on_black_or_white_keep_every_pixel(style, background):
    images = cell(style)
    background = KINDS[style] if background == "own" else background
    leveled = level_cell(decoded(images), background=background)
    for one, other in zip(images, leveled.images, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 50), style=st.sampled_from("gq"), level=st.integers(110, 246))
def test_any_level_is_found(seed, style, level):
    level = level if style == "g" else level // 3
    leveled = level_cell(decoded(on_grey(cell(style, seed), level)), background="auto")
    assert leveled.background.kind == KINDS[style]
    assert leveled.background.level * 255 == pytest.approx(level, abs=3)
    original = level_cell(decoded(cell(style, seed)), background=KINDS[style])
    if style == "g":
        for one, other in zip(leveled.images, original.images, strict=True):
            assert np.abs(one.astype(int) - other).max() <= 3


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 50), style=st.sampled_from("gq"), deviation=st.floats(1, 3))
def test_noise_and_slopes_of_the_background_are_removed(seed, style, deviation):
    level = 190 if style == "g" else 45
    for images in (noisy(cell(style, seed), level, deviation), uneven(cell(style, seed), level)):
        leveled = level_cell(decoded(images), background="auto")
        assert leveled.background.kind == KINDS[style]
        corners = np.array([one[[0, 0, -1, -1], [0, -1, 0, -1]] for one in leveled.images])
        assert np.abs(np.median(corners) - (255 if style == "g" else 0)) <= 8


def test_precision_is_kept_where_white_lies_low():
    wide = [scaled(image, 1500) for image in cell("g")]
    leveled = level_cell(decoded(wide), background="auto")
    assert leveled.background.bits == 12
    for one, other in zip(leveled.images, cell("g"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_odd_image_has_its_own_level():
    images = list(cell("g"))
    images[4] = on_grey(images, 180)[4]
    leveled = level_cell(decoded(images), background="auto")
    assert leveled.background.level == 1
    assert np.abs(leveled.images[4].astype(int) - cell("g")[4]).max() <= 2


def test_one_negative_among_the_images_does_not_decide():
    images = list(cell("g"))
    images[4] = 255 - images[4]
    leveled = level_cell(decoded(images), background="auto")
    assert leveled.background.kind == "light"
    np.testing.assert_array_equal(leveled.images[5], images[5])


@pytest.mark.parametrize("style", KINDS)
@pytest.mark.parametrize("level", [0, 90, 255])
@pytest.mark.parametrize("width_px", [1, 3])
def test_frames_of_any_level_become_background(style, level, width_px):
    images = cell(style)
    leveled = level_cell(decoded(framed(images, level, width_px)), background="auto")
    assert leveled.background.kind == KINDS[style]
    inside = slice(width_px, -width_px)
    for one, other in zip(leveled.images, images, strict=True):
        np.testing.assert_array_equal(one[inside, inside], other)
        assert abs(int(one[0, 0]) - (255 if style == "g" else 0)) <= 8


def test_a_chromosome_that_fills_its_box_is_no_picture_in_a_frame():
    bar = np.pad(np.full((30, 9), 120, np.uint8), 2)
    bar[10:14, 2:-2] = 90
    leveled = level_cell(decoded([bar, bar]), background="auto")
    assert leveled.background.kind == "dark"
    np.testing.assert_array_equal(leveled.images[0], bar)


def test_a_very_dim_cell_is_stretched_by_one_factor():
    dim = [np.rint(image * 0.1).astype(np.uint8) for image in cell("q")]
    leveled = level_cell(decoded(dim), background="dark")
    brightest = [one.max() for one in leveled.images]
    assert 100 < np.median(brightest) < 255
    factors = [
        one.max() / max(dark.max(), 1) for one, dark in zip(leveled.images, dim, strict=True)
    ]
    np.testing.assert_allclose(factors, factors[0], rtol=0.1)


def test_a_cell_of_too_few_levels_is_not_stretched():
    dark = [np.rint(image * 0.05).astype(np.uint8) for image in cell("q")]
    for one, other in zip(level_cell(decoded(dark), background="dark").images, dark, strict=True):
        np.testing.assert_array_equal(one, other)
    wide = [scaled(image, 65535 * 0.05) for image in cell("q")]
    stated = [DecodedImage(image, 0.0, bits=16) for image in wide]
    assert np.median([one.max() for one in level_cell(stated, background="dark").images]) > 100


@pytest.mark.parametrize("style", KINDS)
def test_transparency_becomes_the_background_of_the_cell(style):
    files = [decode_image(content) for content in cut_out(cell(style))]
    leveled = level_cell(files, background="auto")
    white = 255 if style == "g" else 0
    for one, file in zip(leveled.images, files, strict=True):
        assert file.opacity is not None
        assert (one[file.opacity == 0] == white).all()
        np.testing.assert_array_equal(one[file.opacity == 1], file.grey[file.opacity == 1])


@pytest.mark.parametrize("style", KINDS)
def test_a_line_around_cut_outs_does_not_decide(style):
    files = []
    for content in cut_out(cell(style), eroded_px=0):
        file = decode_image(content)
        assert file.opacity is not None
        opaque = np.pad(file.opacity > 0, 1)
        around = ndimage.binary_dilation(opaque) & ~opaque
        grey = np.where(around, 0 if style == "g" else 255, np.pad(file.grey, 1))
        files.append(DecodedImage(grey.astype(np.uint8), 0.0, (opaque | around).astype(np.float32)))
    assert level_cell(files, background="auto").background.kind == KINDS[style]


def test_half_transparent_pixels_are_mixed_with_the_background():
    opacity = np.array([[0, 0.5, 1.0]] * 4, np.float32)
    grey = np.array([[7, 100, 200]] * 4, np.uint8)
    image = DecodedImage(grey, 0.0, opacity, 8)
    assert fill_transparency(image, background="light")[0].tolist() == [255, 178, 200]
    assert fill_transparency(image, background="dark")[0].tolist() == [0, 50, 200]
    opaque = DecodedImage(grey, 0.0)
    assert fill_transparency(opaque, background="dark") is grey
    with pytest.raises(ValueError, match="pixels must have 8 bits, got uint16"):
        fill_transparency(DecodedImage(grey.astype(np.uint16), 0.0), background="dark")


@pytest.mark.parametrize("kind", ["dark", "light"])
@pytest.mark.parametrize("style", KINDS)
def test_an_explicit_background_is_honoured(style, kind):
    assert level_cell(decoded(cell(style)), background=kind).background.kind == kind


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match=r"`background` must be one of .*, got 'grey'"):
        level_cell(decoded(cell("g")), background="grey")
    with pytest.raises(ValueError, match="`images` must be at least 1 image, got none"):
        level_cell([], background="auto")


def test_a_large_picture_among_the_images_is_leveled_too():
    large = np.full((900, 1200), 255, np.uint8)
    large[400:500, 300:320] = 90
    leveled = level_cell(decoded([*cell("g"), large]), background="auto")
    np.testing.assert_array_equal(leveled.images[-1], large)


def test_files_of_both_depths_agree():
    images = cell("g")
    files = [decode_image(png(images[0])), *decoded([scaled(image, 4095) for image in images[1:]])]
    for one, other in zip(level_cell(files, background="auto").images, images, strict=True):
        np.testing.assert_array_equal(one, other)
