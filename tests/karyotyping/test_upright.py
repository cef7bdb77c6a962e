from __future__ import annotations

import numpy as np

from superxception_jax.data.measure import measure_chromosome
from superxception_jax.karyotyping.upright import upright_crop


def test_the_scale_is_that_of_the_raw_image():
    image = np.zeros((60, 30), np.uint8)
    image[5:55, 10:20] = 150
    crop, _ = upright_crop(measure_chromosome(image, background="dark"))
    rows = (crop.max(axis=1) > 75).sum()
    columns = (crop.max(axis=0) > 75).sum()
    assert abs(rows - 50) <= 1
    assert abs(columns - 10) <= 1
