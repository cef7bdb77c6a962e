from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from superxception_jax.karyotyping.karyogram.png_file import png_bytes


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (40, 3), (33, 65)])
def test_a_png_is_what_was_put_in(shape: tuple[int, int]):
    generator = np.random.default_rng(shape)
    palette = generator.integers(0, 256, (200, 3)).astype(np.uint8)
    pixels = generator.integers(0, 200, shape).astype(np.uint8)
    content = png_bytes(pixels, palette=palette, dots_per_inch=300)
    assert content == png_bytes(pixels, palette=palette, dots_per_inch=300)
    with Image.open(io.BytesIO(content)) as image:
        image.verify()
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == "P"
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), palette[pixels])
