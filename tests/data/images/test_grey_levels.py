from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.data.images.grey_levels import (
    BIT_DEPTHS,
    FLOAT_BITS,
    GreyRange,
    find_ranges,
    robust_maximum,
)


def filled(level: float, dtype=np.uint16, side: int = 10) -> np.ndarray:
    image = np.zeros((side, side), dtype)
    image[: side // 2] = level
    return image


def test_images_of_8_bits_keep_their_levels():
    ranges, bits = find_ranges([filled(9, np.uint8), filled(3000)], stated_bits=[8, 0])
    assert ranges == [GreyRange(0, 255), GreyRange(0, 4095)]
    assert bits == 12
    np.testing.assert_array_equal(ranges[0].apply(filled(9, np.uint8)), filled(9))


@pytest.mark.parametrize(
    ("brightest", "depth"), [(255, 8), (256, 10), (1500, 12), (4096, 14), (65535, 16)]
)
def test_depths_are_those_of_cameras(brightest, depth):
    assert find_ranges([filled(brightest)], stated_bits=[0])[1] == depth


def test_what_the_file_states_holds():
    ranges, bits = find_ranges([filled(900), filled(900)], stated_bits=[12, 0])
    assert ranges == [GreyRange(0, 4095), GreyRange(0, 1023)]
    assert bits == 12


def test_hot_pixels_and_one_odd_image_change_nothing():
    images = [filled(1000 + index) for index in range(46)]
    images[3][7, 7] = 65535
    images[9] = filled(65535)
    assert find_ranges(images, stated_bits=[0] * 46)[1] == 12
    assert robust_maximum(images[3]) == 1003


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.0, 0.7), GreyRange(0, 1)),
        # As rounding or cubic resampling leaves them.
        ((0.0, 1.0078125), GreyRange(0, 1.0078125)),
        ((0.0, 5.0), GreyRange(0, 5)),
        ((0.0, 900.0), GreyRange(0, 1023)),
        ((-50.0, 150.0), GreyRange(-50, 150)),
        ((0.0, 1e6), GreyRange(0, 1e6)),
        ((-9.0, -3.0), GreyRange(-9, -3)),
    ],
)
def test_floating_point_images_are_scaled_by_their_range(values, expected):
    image = np.full((10, 10), values[0], np.float32)
    image[:5] = values[1]
    ranges, bits = find_ranges([image], stated_bits=[0])
    assert ranges == [expected]
    assert bits == FLOAT_BITS


@given(depth=st.sampled_from(BIT_DEPTHS))
def test_the_same_picture_in_any_depth_is_the_same(depth):
    image = np.arange(256, dtype=np.float64).repeat(6).reshape(32, 48)
    wide = np.rint(image * ((2**depth - 1) / 255)).astype(np.uint16)
    (grey_range,), found = find_ranges([wide], stated_bits=[0])
    assert found == depth
    np.testing.assert_allclose(grey_range.apply(wide), image, atol=0.5)


def test_other_dtypes_are_refused():
    with pytest.raises(TypeError, match="`image` must be u8, u16 or f32, got float64"):
        find_ranges([np.zeros((2, 2))], stated_bits=[0])
