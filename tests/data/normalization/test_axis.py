from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.data.normalization.axis import (
    AXIS_STEP_PX,
    _geodesics,
    main_direction,
    medial_axis,
    tilt_degrees,
    upright_direction,
)
from superxception_jax.data.normalization.straighten import axis_length_px


def bar_mask(length: float, width: float, tilt: float, side: int = 120) -> np.ndarray:
    """Mark a bar whose top leans to the right by `tilt` degrees."""
    row, column = np.mgrid[:side, :side] - (side - 1) / 2
    cosine, sine = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    along, across = row * cosine - column * sine, row * sine + column * cosine
    return (np.abs(along) <= length / 2) & (np.abs(across) <= width / 2)


def arc_mask(radius: float, width: float, half_angle: float, side: int = 120) -> np.ndarray:
    """Mark an arc around the centre, opening to the left."""
    row, column = np.mgrid[:side, :side] - (side - 1) / 2
    angle = np.degrees(np.arctan2(row, column))
    return (np.abs(np.hypot(row, column) - radius) <= width / 2) & (np.abs(angle) <= half_angle)


@pytest.mark.parametrize("tilt", [-60, -30, 0, 17, 45, 80])
def test_tilt_of_a_bar(tilt: int) -> None:
    mask = bar_mask(60, 10, tilt)
    assert tilt_degrees(main_direction(mask)) == pytest.approx(tilt, abs=0.7)
    assert tilt_degrees(upright_direction(mask, medial_axis(mask))) == pytest.approx(tilt, abs=0.7)


def test_a_disc_is_left_alone() -> None:
    row, column = np.mgrid[:40, :40]
    disc = np.hypot(row - 20, column - 19) < 9
    np.testing.assert_array_equal(main_direction(disc), [1.0, 0.0])
    axis = medial_axis(disc)
    assert np.ptp(axis[:, 1]) == 0
    assert axis_length_px(axis) == pytest.approx(17.0)


def test_a_u_on_its_side_follows_its_ends_not_its_moments() -> None:
    # Two arms of 45 px to the left, joined at the right: the moments lie across the chord.
    mask = arc_mask(14, 9, 90)
    mask[60 + 9 : 60 + 18, 15:60] = True
    mask[60 - 18 : 60 - 9, 15:60] = True
    assert abs(tilt_degrees(main_direction(mask))) > 80
    axis = medial_axis(mask)
    assert abs(tilt_degrees(upright_direction(mask, axis))) < 10
    assert axis_length_px(axis) == pytest.approx(np.pi * 14 + 2 * 45, rel=0.12)


@pytest.mark.parametrize(("length", "width"), [(20, 11), (40, 10), (100, 9)])
def test_upright_bar_has_exactly_its_length(length: int, width: int) -> None:
    mask = np.zeros((length + 10, width + 20), bool)
    mask[5 : 5 + length, 8 : 8 + width] = True
    axis = medial_axis(mask)
    assert axis_length_px(axis) == pytest.approx(length, rel=0.01)
    np.testing.assert_allclose(axis[:, 1], 8 + (width - 1) / 2, atol=0.25)
    assert (np.diff(axis[:, 0]) > 0).all()
    assert np.hypot(*np.diff(axis, axis=0).T).max() <= AXIS_STEP_PX + 1e-2


@pytest.mark.parametrize("tilt", [-40, 15, 40])
def test_length_does_not_depend_on_the_tilt(tilt: int) -> None:
    length = axis_length_px(medial_axis(bar_mask(60, 9, tilt)))
    assert length == pytest.approx(60, rel=0.03)


@pytest.mark.parametrize("half_angle", [40, 70, 100])
def test_arc_has_the_length_of_its_middle(half_angle: int) -> None:
    axis = medial_axis(arc_mask(25, 9, half_angle))
    expected = 2 * np.radians(half_angle) * 25
    assert axis_length_px(axis) == pytest.approx(expected, abs=3)
    inner = axis[len(axis) // 5 : -len(axis) // 5] - 59.5
    np.testing.assert_allclose(np.hypot(*inner.T), 25, atol=1.2)


def test_axis_runs_from_the_top_end_to_the_bottom_end() -> None:
    axis = medial_axis(arc_mask(25, 9, 70))
    assert axis[0, 0] < 40
    assert axis[-1, 0] > 80
    flipped = medial_axis(arc_mask(25, 9, 70)[::-1].copy())
    assert flipped[0, 0] < flipped[-1, 0]


def test_padding_moves_the_axis_and_nothing_else() -> None:
    mask = arc_mask(25, 9, 70)
    moved = medial_axis(np.pad(mask, ((7, 0), (3, 9))))
    np.testing.assert_allclose(moved - [7, 3], medial_axis(mask), atol=1e-6)


def test_short_convex_mask_gets_a_straight_axis_a_dented_one_bends() -> None:
    blob = medial_axis(bar_mask(24, 12, 30))
    second_differences = np.diff(blob, n=2, axis=0)
    np.testing.assert_allclose(second_differences, 0, atol=1e-9)
    hook = medial_axis(arc_mask(10, 9, 110, side=60))
    chord = np.hypot(*(hook[-1] - hook[0]))
    assert chord < 0.7 * axis_length_px(hook)


def test_broken_masks_are_refused() -> None:
    mask = np.zeros((20, 20), bool)
    with pytest.raises(ValueError, match="`mask` must mark a component, got no pixel"):
        medial_axis(mask)
    mask[2:8, 2:5] = mask[12:18, 12:15] = True
    with pytest.raises(ValueError, match="`mask` must be one component, got several; keep the"):
        medial_axis(mask)
    with pytest.raises(TypeError, match=r"`mask` must be bool\[H,W\], got dtype uint8"):
        medial_axis(mask.astype(np.uint8))


def closed_hairpin(*, gap_px: float) -> np.ndarray:
    """Mark two arms side by side that a bend joins at the top and a thin gap keeps apart."""
    row, column = np.mgrid[:50, :40] - np.array([22.0, 20.0])[:, None, None]
    bend = (row < 0) & (np.hypot(row, column) <= 10)
    return bend | ((row >= 0) & (row < 16) & (np.abs(column) <= 10) & (np.abs(column) > gap_px / 2))


def test_touching_arms_are_separated_along_the_slit() -> None:
    mask = closed_hairpin(gap_px=1.0)
    # Two arms of 16 px and a half circle of radius 5 between their middles.
    expected = 2 * 16 + np.pi * 5
    assert axis_length_px(medial_axis(mask)) == pytest.approx(expected, rel=0.2)
    without = mask.copy()
    without[22:38, 18:23] = True
    assert axis_length_px(medial_axis(without)) == pytest.approx(26, abs=2)


def test_a_slit_whose_pixels_touch_by_corners_is_not_crossed() -> None:
    mask = np.ones((30, 30), bool)
    # A diagonal of single pixels: only diagonals of the other kind would cross it.
    place = np.arange(24)
    mask[place, place] = False
    _, from_end = _geodesics(mask)
    row, column = np.argwhere(mask).T
    above = from_end[(row == 1) & (column == 2)][0]
    below = from_end[(row == 2) & (column == 1)][0]
    assert abs(above - below) > 20


def test_a_mask_connected_by_corners_has_an_axis() -> None:
    mask = np.zeros((20, 20), bool)
    mask[:10, 5:10] = True
    mask[10:, 10:15] = True
    assert axis_length_px(medial_axis(mask)) > 18
