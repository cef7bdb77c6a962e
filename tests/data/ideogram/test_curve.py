from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.data.ideogram.curve import draw_curve


def curve(seed: int = 0, **changes):
    settings = {
        "length_px": 60.0,
        "centromere": 0.4,
        "samples": 120,
        "tilt_degrees": 0.0,
        "bend": 0.0,
    }
    return draw_curve(np.random.default_rng(seed), **{**settings, **changes})


def test_unbent_untilted_axis_is_a_vertical_line():
    points, normals = curve()
    np.testing.assert_allclose(points[:, 0], 0.0, atol=1e-9)
    np.testing.assert_allclose(np.diff(points[:, 1]), 0.5)
    np.testing.assert_allclose(normals, [[1.0, 0.0]] * 120, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_bends_keep_length_and_normals_and_the_chord_upright(seed: int):
    points, normals = curve(seed, bend=1.0)
    steps = np.diff(points, axis=0)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), 0.5)
    np.testing.assert_allclose(np.sum(steps * normals[1:], axis=1), 0.0, atol=1e-9)
    assert np.ptp(points[:, 0]) > 0.5
    assert abs(points[-1, 0] - points[0, 0]) < 1.0


def test_tilt_ends_at_50_degrees():
    chords = [np.ptp(curve(seed, tilt_degrees=500.0)[0], axis=0) for seed in range(20)]
    tilts = [np.degrees(np.arctan2(x, y)) for x, y in chords]
    assert max(tilts) == pytest.approx(50.0)
