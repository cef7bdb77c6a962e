from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from superxception_jax.karyotyping.karyogram.centromere import trace_axis
from superxception_jax.karyotyping.karyogram.picture import (
    BORDER_PX,
    colour_picture,
    prepare_picture,
    shade_picture,
    white_level,
)
from tests.karyotyping.read_cells import drawn


@pytest.mark.parametrize("style", ["q", "g"])
@pytest.mark.parametrize("straightened", [False, True])
def test_pictures_keep_scale_and_light_and_locate_the_centromere(style: str, straightened: bool):
    for label in (0, 4, 13, 21):
        one, truth = drawn(label, style=style, seed=7)
        picture = prepare_picture(one, straightened=straightened)
        length_px = picture.image.shape[0] - 2 * BORDER_PX
        assert picture.image.dtype == np.uint8
        assert not picture.image[:BORDER_PX].any()
        assert picture.image[BORDER_PX].any()
        assert length_px == pytest.approx(one.length_px, rel=0.15, abs=7)
        assert (picture.centromere_px - BORDER_PX) / length_px == pytest.approx(truth, abs=0.07)
        light = picture.image.sum(dtype=float) / one.image.sum(dtype=float)
        assert light == pytest.approx(1.0, abs=0.12 if straightened else 1e-12)


@pytest.mark.parametrize("straightened", [False, True])
def test_a_measured_axis_gives_the_picture_of_a_traced_one(straightened: bool):
    for label in (0, 8, 17, 20):
        one, _ = drawn(label, style="g", seed=4)
        measured = dataclasses.replace(one, axis=trace_axis(one.image))
        traced = prepare_picture(one, straightened=straightened)
        known = prepare_picture(measured, straightened=straightened)
        assert known.centromere_px == pytest.approx(traced.centromere_px, abs=0.7)
        apart = np.subtract(known.image.shape, traced.image.shape)
        assert np.abs(apart).max() <= straightened


def test_straightening_straightens():
    row, column = np.mgrid[:90, :60]
    radius, angle = np.hypot(row - 45, column + 10), np.arctan2(row - 45, column + 10)
    arc = (200 * ((np.abs(radius - 45) < 6) & (np.abs(angle) < 0.9))).astype(np.uint8)
    one = dataclasses.replace(drawn(3, style="g", seed=2)[0], image=arc)
    flat = prepare_picture(one, straightened=True).image
    assert np.ptp(trace_axis(arc)[:, 1]) > 12
    assert np.ptp(trace_axis(flat)[:, 1]) < 2
    assert flat.shape[0] == pytest.approx(2 * 45 * 0.9, abs=8)


def test_an_image_without_a_chromosome_is_refused_with_its_name():
    one, _ = drawn(0, style="g", seed=2)
    empty = dataclasses.replace(one, image=np.zeros((9, 9), np.uint8), name="a.png")
    with pytest.raises(ValueError, match=r"^a\.png: `image` must show a chromosome"):
        prepare_picture(empty, straightened=False)


@pytest.mark.parametrize("zoom", [0.3, 1.0, 4.5])
def test_coloured_pictures_have_the_size_and_greys_of_the_page(zoom: float):
    image = np.pad(np.full((40, 12), 150, np.uint8), 4)
    printed = colour_picture(image, zoom=zoom, white=150.0, background="print")
    kept = colour_picture(image, zoom=zoom, white=150.0, background="original")
    assert printed.shape == (round(48 * zoom), round(20 * zoom), 4)
    middle = tuple(side // 2 for side in printed.shape[:2])
    assert printed[middle][0] == pytest.approx(0.08 * 255, abs=3)
    assert kept[middle][0] == pytest.approx(150, abs=3)
    assert printed[middle][3] == kept[middle][3] == 255
    assert printed[0, 0, 3] < 30


@pytest.mark.parametrize("zoom", [0.6, 1.7, 4.4])
def test_pictures_are_enlarged_by_the_cubic_spline(zoom: float):
    image = np.pad(drawn(3, style="g", seed=2)[0].image, 2)
    shade, _ = shade_picture(image, zoom=zoom, white=255.0, background="original")
    grey = image.astype(np.float64)
    if zoom < 1:
        grey = ndimage.gaussian_filter(grey, 0.5 / zoom - 0.5)
    factors = [new / old for new, old in zip(shade.shape, image.shape, strict=True)]
    expected = ndimage.zoom(grey, factors, order=3, mode="grid-constant", grid_mode=True)
    np.testing.assert_allclose(255 * shade, np.clip(expected, 0, 255), atol=0.2)


def test_one_white_level_for_the_whole_cell():
    dim, bright = np.full((5, 5), 100, np.uint8), np.full((5, 5), 200, np.uint8)
    assert white_level([dim, bright]) == pytest.approx(200)
    assert white_level([np.zeros((5, 5), np.uint8)]) == 1.0
