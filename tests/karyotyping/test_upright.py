from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from superxception_jax.data.normalization.axis import medial_axis
from superxception_jax.data.normalization.crop import find_chromosome
from superxception_jax.data.normalization.measure import measure_chromosome
from superxception_jax.karyotyping.upright import turn, upright_crop


def test_the_scale_is_that_of_the_raw_image():
    image = np.zeros((60, 30), np.uint8)
    image[5:55, 10:20] = 150
    crop, _ = upright_crop(measure_chromosome(image, background="dark"))
    rows = (crop.max(axis=1) > 75).sum()
    columns = (crop.max(axis=0) > 75).sum()
    assert abs(rows - 50) <= 1
    assert abs(columns - 10) <= 1


@pytest.mark.parametrize("tilt", [0, 35, -80, 100])
@pytest.mark.parametrize("is_turned", [False, True])
def test_the_axis_is_that_of_the_upright_chromosome(tilt: int, is_turned: bool):
    row, column = np.mgrid[:90, :60]
    bent = 25 + 0.006 * (row - 45) ** 2
    image = 180.0 * ((np.abs(column - bent) < 6) & (np.abs(row - 45) < 36))
    image = np.clip(ndimage.rotate(image, tilt, order=1), 0, 255).astype(np.uint8)
    measured = measure_chromosome(image, background="dark")
    crop, axis = upright_crop(measured)
    if is_turned:
        crop, axis = turn(crop, axis)
    traced = medial_axis(find_chromosome(crop))
    assert axis.shape == measured.axis.shape
    assert axis[0, 0] < axis[-1, 0]
    for end in (0, -1):
        assert axis[end, 0] == pytest.approx(traced[end, 0], abs=1.0)
    rows = np.linspace(axis[0, 0] + 5, axis[-1, 0] - 5, 12)
    found, expected = (np.interp(rows, one[:, 0], one[:, 1]) for one in (axis, traced))
    np.testing.assert_allclose(found, expected, atol=0.7)
