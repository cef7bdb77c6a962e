from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.karyogram.centromere import expected_centromere, trace_axis
from superxception_jax.karyotyping.karyogram.ideogram import expected_arms_in, ideogram_shapes
from superxception_jax.karyotyping.karyogram.layout import (
    BODY_GAP_IN,
    PAGE_CONTENT_IN,
    ROWS,
    Body,
    Slot,
    content_width_in,
    group_members,
    lay_out,
)
from superxception_jax.karyotyping.karyogram.picture import (
    BORDER_PX,
    colour_picture,
    prepare_picture,
    white_level,
)
from superxception_jax.karyotyping.karyogram.style import CONFIDENCES, confidence_colour
from superxception_jax.karyotyping.karyogram.text import text_width_in, wrap_text
from tests.karyotyping.read_cells import drawn


def slots(*, copies: int = 2, width_in: float = 0.3) -> dict[str, Slot]:
    bodies = tuple(Body("chromosome", width_in, 0.3, 0.6, index) for index in range(copies))
    return {name: Slot(name, bodies, least_width_in=0.4) for name in CLASS_NAMES}


def placed(these: dict[str, Slot]):
    width_in = content_width_in(these)
    return lay_out(these, left_in=0.5, top_in=1.0, width_in=width_in), width_in


def test_rows_hold_every_class_once_in_the_order_of_iscn():
    rows, _ = placed(slots())
    names = [[slot.class_name for slot in row.slots] for row in rows]
    assert [name for row in names for name in row] == list(CLASS_NAMES)
    assert [row[0] for row in names] == ["1", "6", "13", "19"]
    letters = [letter for row in rows for letter, _, _ in row.groups]
    assert letters == [*"ABCDEFG", "sex chromosomes"]


@pytest.mark.parametrize(("copies", "width_in"), [(0, 0.3), (2, 0.05), (2, 0.3), (5, 1.5)])
def test_nothing_stands_on_anything_and_rows_fill_the_page(copies: int, width_in: float):
    rows, page_in = placed(slots(copies=copies, width_in=width_in))
    assert page_in >= PAGE_CONTENT_IN
    bottom_in = 1.0
    for row in rows:
        assert row.slots[0].left_in == pytest.approx(0.5)
        assert row.slots[-1].right_in == pytest.approx(0.5 + page_in)
        bodies = [pair for slot in row.slots for pair in slot.bodies]
        for (left, left_middle), (right, right_middle) in itertools.pairwise(bodies):
            gap_in = right_middle - left_middle - (left.width_in + right.width_in) / 2
            assert gap_in >= BODY_GAP_IN - 1e-9
        assert bottom_in < row.centromere_in - max((body.above_in for body, _ in bodies), default=0)
        lines = [row.bar_in, row.number_in, row.bracket_in, row.letter_in, row.bottom_in]
        assert lines == sorted(lines)
        bottom_in = row.bottom_in


def test_brackets_reach_from_the_first_to_the_last_of_a_group():
    rows, _ = placed(slots())
    for row, groups in zip(rows, ROWS, strict=True):
        edges = {slot.class_name: (slot.left_in, slot.right_in) for slot in row.slots}
        for (letter, left_in, right_in), group in zip(row.groups, groups, strict=True):
            members = group_members(group)
            assert letter == group
            assert (left_in, right_in) == (edges[members[0]][0], edges[members[-1]][1])


def test_numbers_stand_below_the_chromosomes_not_below_the_ideogram():
    bodies = (Body("ideogram", 0.2, 0.3, 0.3), Body("chromosome", 0.4, 0.3, 0.3, 0))
    rows, _ = placed(slots() | {"1": Slot("1", bodies, 0.1)})
    first = rows[0].slots[0]
    assert first.middle_in == pytest.approx(first.bodies[1][1])


@pytest.mark.parametrize("label", range(24))
def test_ideograms_have_their_length_and_their_centromere_at_the_origin(label: int):
    outline, bands = ideogram_shapes(label, length_in=1.5, width_in=0.13)
    p_arm, q_arm = expected_arms_in(label, length_in=1.5)
    assert p_arm / 1.5 == pytest.approx(expected_centromere(label))
    assert outline[:, 1].min() == pytest.approx(-p_arm)
    assert outline[:, 1].max() == pytest.approx(q_arm)
    assert np.abs(outline[:, 0]).max() == pytest.approx(0.065, rel=0.02)
    at_centromere = np.abs(outline[np.abs(outline[:, 1]) < 0.005, 0])
    assert at_centromere.min() < 0.5 * 0.065
    tops = [band.outline[:, 1].min() for band in bands]
    assert tops == sorted(tops)
    assert {band.density for band in bands} <= {0.0, 0.25, 0.35, 0.5, 0.75, 1.0}


@pytest.mark.parametrize("style", ["q", "g"])
@pytest.mark.parametrize("straightened", [False, True])
def test_pictures_keep_scale_and_light_and_know_their_centromere(style: str, straightened: bool):
    for label in (0, 4, 13, 21):
        one, truth = drawn(label, style=style, seed=7)
        picture = prepare_picture(one, straightened=straightened)
        length_px = picture.image.shape[0] - 2 * BORDER_PX
        assert picture.image.dtype == np.uint8
        assert not picture.image[:BORDER_PX].any()
        assert picture.image[BORDER_PX].any()
        assert length_px == pytest.approx(one.length_px, rel=0.15, abs=7)
        assert (picture.centromere_px - BORDER_PX) / length_px == pytest.approx(truth, abs=0.07)
        light = picture.image.sum(dtype=float) / one.image.sum(dtype=float)
        assert light == pytest.approx(1.0, abs=0.12 if straightened else 1e-12)


def test_straightening_straightens():
    row, column = np.mgrid[:90, :60]
    radius, angle = np.hypot(row - 45, column + 10), np.arctan2(row - 45, column + 10)
    arc = (200 * ((np.abs(radius - 45) < 6) & (np.abs(angle) < 0.9))).astype(np.uint8)
    one = dataclasses.replace(drawn(3, style="g", seed=2)[0], image=arc)
    flat = prepare_picture(one, straightened=True).image
    assert np.ptp(trace_axis(arc)[:, 1]) > 12
    assert np.ptp(trace_axis(flat)[:, 1]) < 2
    assert flat.shape[0] == pytest.approx(2 * 45 * 0.9, abs=8)


def test_large_images_are_traced_at_less_than_their_size():
    one, _ = drawn(0, style="g", seed=2)
    large = np.kron(one.image, np.ones((4, 4), np.uint8))
    axis, enlarged = trace_axis(one.image), trace_axis(large)
    assert len(enlarged) < 1.5 * len(axis)
    np.testing.assert_allclose(enlarged[0], 4 * axis[0] + 1.5, atol=6)
    np.testing.assert_allclose(enlarged[-1], 4 * axis[-1] + 1.5, atol=6)


def test_an_image_without_a_chromosome_is_refused_by_its_name():
    one, _ = drawn(0, style="g", seed=2)
    empty = dataclasses.replace(one, image=np.zeros((9, 9), np.uint8), name="a.png")
    with pytest.raises(ValueError, match=r"^a\.png: `image` must show a chromosome"):
        prepare_picture(empty, straightened=False)


@pytest.mark.parametrize("zoom", [0.3, 1.0, 4.5])
def test_coloured_pictures_have_the_size_and_greys_of_the_page(zoom: float):
    image = np.pad(np.full((40, 12), 150, np.uint8), 4)
    printed = colour_picture(image, zoom=zoom, white=150.0, background="print")
    kept = colour_picture(image, zoom=zoom, white=150.0, background="original")
    assert printed.shape == (round(48 * zoom), round(20 * zoom), 4)
    middle = tuple(side // 2 for side in printed.shape[:2])
    assert printed[middle][0] == pytest.approx(0.08 * 255, abs=3)
    assert kept[middle][0] == pytest.approx(150, abs=3)
    assert printed[middle][3] == kept[middle][3] == 255
    assert printed[0, 0, 3] < 30


def test_the_darkest_ink_is_that_of_the_cell():
    dim, bright = np.full((5, 5), 100, np.uint8), np.full((5, 5), 200, np.uint8)
    assert white_level([dim, bright]) == pytest.approx(200)
    assert white_level([np.zeros((5, 5), np.uint8)]) == 1.0


def test_colours_of_confidence_fall_in_order_and_differ_for_everyone():
    assert [confidence_colour(share) for share in (1.0, 0.99, 0.96, 0.8, 0.6, 0.2, 0.0)] == [
        CONFIDENCES[place][1] for place in (0, 0, 1, 2, 3, 4, 4)
    ]
    # Blue against red and green is what all but one in ten thousand tell apart.
    blue = [int(colour[5:], 16) - int(colour[1:3], 16) for _, colour, _ in CONFIDENCES]
    assert blue[0] > 100 < blue[1]
    assert max(blue[2:]) < -100
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"`confidence` must be in 0\.\.1"):
            confidence_colour(wrong)


@given(st.text(alphabet="abW ,.é-", max_size=60), st.floats(0.4, 3.0))
@settings(max_examples=60, deadline=None)
def test_wrapped_lines_fit_and_lose_nothing(text: str, width_in: float):
    lines = wrap_text(text, width_in=width_in, size_points=8.0)
    assert all(text_width_in(line, size_points=8.0) <= width_in for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_formulas_break_behind_commas():
    lines = wrap_text("1,?" + ",-22" * 30, width_in=2.0, size_points=16.0, bold=True)
    assert len(lines) > 2
    assert all(line.endswith(",") and line.startswith(("1", "-")) for line in lines[:-1])
