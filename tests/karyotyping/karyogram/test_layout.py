from __future__ import annotations

import itertools

import pytest

from superxception_jax.chromosomes import CLASS_NAMES
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
def test_nothing_overlaps_and_rows_fill_the_page(copies: int, width_in: float):
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


def test_brackets_span_their_group():
    rows, _ = placed(slots())
    for row, groups in zip(rows, ROWS, strict=True):
        edges = {slot.class_name: (slot.left_in, slot.right_in) for slot in row.slots}
        for (letter, left_in, right_in), group in zip(row.groups, groups, strict=True):
            members = group_members(group)
            assert letter == group
            assert (left_in, right_in) == (edges[members[0]][0], edges[members[-1]][1])


def test_numbers_are_centred_below_the_chromosomes_not_the_ideogram():
    bodies = (Body("ideogram", 0.2, 0.3, 0.3), Body("chromosome", 0.4, 0.3, 0.3, 0))
    rows, _ = placed(slots() | {"1": Slot("1", bodies, 0.1)})
    first = rows[0].slots[0]
    assert first.middle_in == pytest.approx(first.bodies[1][1])
