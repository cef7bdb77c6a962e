from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.data.normalization import straighten as straighten_module
from superxception_jax.data.normalization.straighten import (
    axis_length_px,
    axis_points,
    project_to_axis,
    sample_along_axis,
    straighten,
)

VERTICAL = np.stack([np.arange(10.0, 31.0), np.full(21, 12.0)], axis=-1)


def arc(radius: float, centre: float = 40.0) -> np.ndarray:
    """Return the points of a half circle from the top over the right to the bottom."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 200)
    return centre + radius * np.stack([np.sin(angles), np.cos(angles)], axis=-1)


def test_lengths() -> None:
    assert axis_length_px(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 6.0]])) == 7.0
    assert axis_length_px(arc(20)) == pytest.approx(np.pi * 20, rel=1e-3)


def test_points_of_a_vertical_axis_and_beyond_its_ends() -> None:
    points = axis_points(
        VERTICAL, along_px=np.array([0.0, 5.5, -2.0, 25.0]), across_px=np.array([0.0, 3.0, 1, -1])
    )
    np.testing.assert_allclose(points, [[10.0, 12.0], [15.5, 15.0], [8.0, 13.0], [35.0, 11.0]])


def test_points_of_an_axis_that_leans_to_the_right() -> None:
    leaning = np.array([[0.0, 10.0], [10.0, 0.0]])
    root = np.sqrt(0.5)
    points = axis_points(leaning, along_px=np.array([0.0]), across_px=np.array([1.0]))
    np.testing.assert_allclose(points, [[root, 10 + root]])


def test_projection_is_the_inverse() -> None:
    along, across = np.array([1.0, 30.0, 50.0, 62.0]), np.array([-3.0, 0.0, 4.0, 2.0])
    points = axis_points(arc(20), along_px=along, across_px=across)
    found = project_to_axis(points, arc(20))
    np.testing.assert_allclose(found[0], along, atol=0.15)
    np.testing.assert_allclose(found[1], across, atol=0.05)


def test_a_line_of_two_points_is_as_good_as_one_of_many() -> None:
    points = np.random.default_rng(2).uniform(-20, 60, (50, 2))
    ends = np.array([[3.0, 8.0], [33.0, 48.0]])
    many = np.linspace(ends[0], ends[1], 101)
    np.testing.assert_allclose(project_to_axis(points, ends), project_to_axis(points, many))


def test_straightening_a_vertical_bar_returns_its_pixels() -> None:
    image = np.random.default_rng(1).integers(0, 256, (41, 25), np.uint8)
    axis = np.stack([np.arange(9.5, 31.0), np.full(22, 12.0)], axis=-1)
    strip = straighten(image, axis, half_width_px=4)
    np.testing.assert_array_equal(strip, image[10:31, 8:17])


def test_straightening_an_arc_puts_its_bands_in_rows() -> None:
    row, column = np.mgrid[:81, :81] - 40.0
    inside = (np.abs(np.hypot(row, column) - 20) <= 5) & (column >= 0)
    angle = np.arctan2(row, column) / np.pi + 0.5  # 0..1 from the top end to the bottom end
    image = np.where(inside, 60 + 120 * angle, 0).astype(np.uint8)
    strip = straighten(image, arc(20), half_width_px=8)
    assert strip.shape == (63, 17)
    expected = 60 + 120 * (np.arange(63) + 0.5) / 63
    for offset in (-2, 0, 2):
        np.testing.assert_allclose(strip[2:-2, 8 + offset], expected[2:-2], atol=4)
    assert strip[5:-5, [0, 1, 15, 16]].max() < 25


def test_the_other_arm_of_a_u_is_not_drawn_twice() -> None:
    angles = np.linspace(-np.pi / 2, np.pi / 2, 40)
    bend = np.stack([40 + 6 * np.sin(angles), 50 + 6 * np.cos(angles)], axis=-1)
    there = np.stack([np.full(60, 34.0), np.linspace(20, 49.5, 60)], axis=-1)
    back = np.stack([np.full(60, 46.0), np.linspace(49.5, 20, 60)], axis=-1)
    axis = np.concatenate([there, bend, back])
    image = np.full((81, 81), 100, np.uint8)
    grey = sample_along_axis(
        image, axis, along_px=np.array([10.0]), across_px=np.array([-12.0, 0.0, 12.0])
    )
    np.testing.assert_allclose(sorted(grey[0]), [0, 100, 100], atol=1e-6)


def test_samples_outside_the_image_are_zero() -> None:
    image = np.full((20, 20), 100, np.uint8)
    grey = sample_along_axis(
        image, VERTICAL, along_px=np.array([-1.0, 15.0]), across_px=np.array([0.0, 2.0])
    )
    np.testing.assert_allclose(grey, [[100, 100], [0, 0]], atol=1e-6)


@pytest.mark.parametrize("bend", [0.0, 0.02, 0.06, 0.15])
def test_no_sample_is_lost_where_a_bend_can_not_fold(bend: float, monkeypatch) -> None:
    image = np.random.default_rng(3).integers(1, 255, (60, 60)).astype(np.uint8)
    angles = np.linspace(-0.5, 0.5, 90) * 40 * bend
    steps = 40 / 90 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    axis = np.array([10.0, 30.0]) + np.cumsum(steps, axis=0)
    places = {"along_px": np.arange(-3.0, 44.0), "across_px": np.arange(-12.0, 13.0)}
    quick = sample_along_axis(image, axis, **places)
    may_fold = straighten_module.may_fold(axis, 12.0)
    assert may_fold == (bend > 0.05)
    monkeypatch.setattr(straighten_module, "may_fold", lambda axis, half_width_px: True)
    np.testing.assert_array_equal(quick, sample_along_axis(image, axis, **places))


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="`half_width_px` must be at least 1, got 0; widen it"):
        straighten(np.zeros((40, 40), np.uint8), VERTICAL, half_width_px=0)
    with pytest.raises(ValueError, match=r"`across_px` must be f64\[M\], got shape \(2,\)"):
        axis_points(VERTICAL, along_px=np.zeros(3), across_px=np.zeros(2))
