from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.normalization.axis import medial_axis
from superxception_jax.data.normalization.crop import crop_chromosome
from superxception_jax.data.normalization.curl import curl_chromosome
from superxception_jax.data.normalization.measure import (
    extent_along_px,
    measure_cell,
    measure_chromosome,
)


def bar_image(length: int, width: int) -> np.ndarray:
    image = np.zeros((length + 10, width + 10), np.uint8)
    image[5:-5, 5:-5] = 120
    return image


def test_a_cell_is_measured_image_by_image():
    images = [bar_image(60, 10), bar_image(30, 9)]
    measured = measure_cell(images, names=["a", "b"], background="auto")
    np.testing.assert_allclose([one.length_px for one in measured], [60, 30], rtol=0.02)
    for one, image in zip(measured, images, strict=True):
        alone = measure_chromosome(image, background="dark")
        assert one.length_px == alone.length_px
        np.testing.assert_array_equal(
            one.axis, medial_axis(crop_chromosome(image, background="dark").mask)
        )


def test_a_light_background_gives_the_same_lengths():
    dark = measure_chromosome(bar_image(60, 10), background="dark")
    light = measure_chromosome(255 - bar_image(60, 10), background="light")
    assert light.length_px == dark.length_px


def test_the_cell_decides_for_its_images():
    images = [255 - bar_image(length, 10) for length in (60, 50, 40, 30)]
    plain = measure_cell(images, names=list("abcd"), background="auto")
    # Cut so tightly that the border of one image is mostly chromosome.
    images[2] = images[2][5:-5, 5:-5].copy()
    images[2][0, 0] = 255
    tight = measure_cell(images, names=list("abcd"), background="auto")
    assert tight[2].length_px == pytest.approx(plain[2].length_px, rel=0.05)


def test_a_grey_background_is_no_chromosome():
    grey = [np.minimum(255 - bar_image(length, 10), 204) for length in (60, 30)]
    measured = measure_cell(grey, names=["a", "b"], background="light")
    assert [int(one.crop.mask.sum()) for one in measured] == [600, 300]


def test_errors_name_the_image():
    blank = np.zeros((20, 20), np.uint8)
    with pytest.raises(ValueError, match=r"^3 7a: `image` must show a chromosome"):
        measure_cell([bar_image(60, 9), blank], names=["3 1a", "3 7a"], background="auto")
    with pytest.raises(TypeError, match=r"^3 7a: `image` must be u8"):
        measure_cell([blank.astype(float)], names=["3 7a"], background="auto")
    with pytest.raises(ValueError, match=r"`names` must be as many as `images`, .* got 2 and 1"):
        measure_cell([blank], names=["a", "b"], background="dark")


@pytest.mark.parametrize("index", range(0, 46, 3))
@pytest.mark.parametrize("curled", [False, True])
def test_the_outline_reaches_as_far_as_all_pixels(index: int, curled: bool):
    cell = draw_numbered_cell(0, seed=2, style="g", aneuploid_share=0.0)
    measured = measure_chromosome(cell.chromosomes[index].image, background="light")
    if curled:
        measured = curl_chromosome(measured, name=str(index))
    expected = extent_along_px(np.argwhere(measured.crop.mask), measured.axis)
    np.testing.assert_array_equal(measured.extent_px, expected)
