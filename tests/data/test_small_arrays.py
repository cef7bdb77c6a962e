from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from superxception_jax.data.small_arrays import median, outline, pad, percentile


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_percentiles_are_numpys_to_the_last_bit(dtype):
    generator = np.random.default_rng(0)
    for size in (1, 2, 3, 4, 7, 100, 1999, 5000):
        values = (generator.gamma(2.0, 20.0, size) % 256).astype(dtype)
        for percent in (0, 1, 2, 5, 12.5, 50, 95, 98, 99, 99.5, 100):
            expected = np.percentile(values, percent)
            assert percentile(values, percent) == pytest.approx(float(expected), abs=0, rel=2e-7)
            if dtype != np.float32:  # which NumPy interpolates in single precision
                assert percentile(values, percent) == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_medians_are_numpys_to_the_last_bit(dtype):
    generator = np.random.default_rng(0)
    for size in (1, 2, 3, 4, 7, 100, 1999):
        values = (generator.gamma(2.0, 20.0, size) % 256).astype(dtype)
        assert median(values) == np.median(values)


@pytest.mark.parametrize("width", [0, 1, 4])
def test_padding_is_numpys(width):
    for image in (np.arange(12, dtype=np.uint8).reshape(3, 4), np.ones((1, 2), bool)):
        padded = pad(image, width)
        np.testing.assert_array_equal(padded, np.pad(image, width))
        assert padded.dtype == image.dtype


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (7, 3), (30, 20)])
def test_the_outline_is_what_scipys_erosion_takes_away(shape):
    for share in (0.5, 0.9, 1.0):
        mask = np.random.default_rng(0).random(shape) < share
        expected = np.argwhere(mask & ~ndimage.binary_erosion(mask))
        np.testing.assert_array_equal(outline(mask), expected)
