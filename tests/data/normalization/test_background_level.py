from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from superxception_jax.data.normalization import background_level
from superxception_jax.data.normalization.background_level import look_at, measure_level


def picture(height: int, width: int) -> np.ndarray:
    """Return f32[H,W], a dark square on an uneven and noisy light background."""
    rows, columns = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    noise = np.random.default_rng(0).normal(0, 3, (height, width))
    grey = 200 + 10 * rows - 5 * columns + noise
    grey[height // 3 : height // 2, width // 3 : width // 2] -= 120
    return grey.astype(np.float32)


def test_the_plane_of_a_large_picture_takes_little_memory():
    view = look_at(picture(1200, 1300), None)
    tracemalloc.start()
    try:
        level = measure_level(view, kind="light")
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert level.trusted
    np.testing.assert_allclose(level.factors, (200, 10, -5), atol=0.05)
    assert peak_bytes < 60 * view.grey.size


@pytest.mark.parametrize("shape", [(60, 40), (1000, 1000)])
def test_every_pixel_of_a_smaller_picture_counts(shape, monkeypatch):
    view = look_at(picture(*shape), None)
    level = measure_level(view, kind="light")
    monkeypatch.setattr(background_level, "_MOST_PX", 10**9)
    assert measure_level(view, kind="light") == level
    monkeypatch.setattr(background_level, "_MOST_PX", 10**2)
    assert measure_level(view, kind="light") != level
