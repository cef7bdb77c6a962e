"""Where everything of a karyogram stands on its page. Inches, right and down from the corner."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from superxception_jax.chromosomes import GROUPS, SEX_CHROMOSOMES

SEX_GROUP = "sex chromosomes"
ROWS = (("A", "B"), ("C",), ("D", "E"), ("F", "G", SEX_GROUP))
PAGE_CONTENT_IN = 8.6
BODY_GAP_IN = 0.05
SLOT_GAP_IN = 0.2
GROUP_GAP_IN = 0.38
# Above the chromosomes of a row, for the signs of flags.
SIGN_ROOM_IN = 0.24
BAR_GAP_IN = 0.07
BAR_IN = 0.055
NUMBER_GAP_IN = 0.13
BRACKET_GAP_IN = 0.11
LETTER_GAP_IN = 0.12
ROW_GAP_IN = 0.14


@dataclass(frozen=True)
class Body:
    """Something that stands on the line of the centromeres.

    Attributes:
        kind: "chromosome", "ideogram", "place" for a missing one, or "unknown" for a missing one
            that may be an X or a Y.
        width_in: its width.
        above_in: how far it rises above the centromere.
        below_in: how far it hangs below it.
        index: of the chromosome in its cell; -1 for the other kinds.
    """

    kind: str
    width_in: float
    above_in: float
    below_in: float
    index: int = -1


@dataclass(frozen=True)
class Slot:
    """All that stands above one class number.

    Attributes:
        class_name: such as "21".
        bodies: from left to right.
        least_width_in: kept free even if the bodies need less.
    """

    class_name: str
    bodies: tuple[Body, ...]
    least_width_in: float

    @property
    def content_in(self) -> float:
        """Return the width of the bodies and the gaps between them."""
        gaps = BODY_GAP_IN * max(len(self.bodies) - 1, 0)
        return sum(body.width_in for body in self.bodies) + gaps

    @property
    def width_in(self) -> float:
        """Return the width of the slot."""
        return max(self.content_in, self.least_width_in)


@dataclass(frozen=True)
class PlacedSlot:
    """A slot on the page.

    Attributes:
        class_name: such as "21".
        left_in: its left edge.
        right_in: its right edge.
        bodies: each with the place of its middle.
    """

    class_name: str
    left_in: float
    right_in: float
    bodies: tuple[tuple[Body, float], ...]

    @property
    def middle_in(self) -> float:
        """Return the middle of its chromosomes and their places, where the number stands."""
        ends = [
            middle_in + side * body.width_in / 2
            for body, middle_in in self.bodies
            if body.kind != "ideogram"
            for side in (-1, 1)
        ] or [self.left_in, self.right_in]
        return (min(ends) + max(ends)) / 2


@dataclass(frozen=True)
class PlacedRow:
    """A row on the page; all heights count from the top of the page.

    Attributes:
        centromere_in: the line of the centromeres.
        bar_in: upper edge of the confidence bars.
        number_in: middle of the class numbers.
        bracket_in: the brackets of the groups.
        letter_in: middle of the group letters.
        bottom_in: where the next row may begin.
        slots: from left to right.
        groups: letter, left and right end of its bracket.
    """

    centromere_in: float
    bar_in: float
    number_in: float
    bracket_in: float
    letter_in: float
    bottom_in: float
    slots: tuple[PlacedSlot, ...]
    groups: tuple[tuple[str, float, float], ...]


def group_members(group: str) -> tuple[str, ...]:
    """Return the classes above a bracket: X and Y stand by themselves, not in C and G.

    Args:
        group: "A" to "G", or `SEX_GROUP`.

    Returns:
        Class names in their order.

    **Source:** printed karyograms; ISCN puts X into C and Y into G by size only.

    >>> group_members("G")
    ('21', '22')
    """
    if group == SEX_GROUP:
        return SEX_CHROMOSOMES
    return tuple(name for name in GROUPS[group] if name not in SEX_CHROMOSOMES)


def content_width_in(slots: dict[str, Slot]) -> float:
    """Return the width that the widest row needs, at least `PAGE_CONTENT_IN`.

    Args:
        slots: of all 24 classes, by their names.

    Returns:
        Inches between the margins.

    **Source:** ours, because a cell that is read wrongly must still fit on its page.
    """
    return max(PAGE_CONTENT_IN, *(_natural_width_in(groups, slots) for groups in ROWS))


def lay_out(
    slots: dict[str, Slot], *, left_in: float, top_in: float, width_in: float
) -> tuple[PlacedRow, ...]:
    """Place all slots in rows; what a row doesn't need is spread between its slots.

    Args:
        slots: of all 24 classes, by their names.
        left_in: left margin.
        top_in: where the first row begins.
        width_in: of every row, at least `content_width_in`.

    Returns:
        The rows from top to bottom.

    **Source:** ours, after printed karyograms.
    """
    rows = []
    for groups in ROWS:
        row = _place_row(groups, slots, left_in=left_in, top_in=top_in, width_in=width_in)
        rows.append(row)
        top_in = row.bottom_in
    return tuple(rows)


def _gaps_in(groups: Sequence[str]) -> list[float]:
    """Return the gaps between the slots of a row, wider ones between groups."""
    owners = [group for group in groups for _ in group_members(group)]
    return [
        SLOT_GAP_IN if left == right else GROUP_GAP_IN for left, right in itertools.pairwise(owners)
    ]


def _natural_width_in(groups: Sequence[str], slots: dict[str, Slot]) -> float:
    names = [name for group in groups for name in group_members(group)]
    return sum(slots[name].width_in for name in names) + sum(_gaps_in(groups))


def _place_slot(slot: Slot, left_in: float) -> PlacedSlot:
    """Place a slot and centre its bodies in it."""
    edge_in = left_in + (slot.width_in - slot.content_in) / 2
    bodies = []
    for body in slot.bodies:
        bodies.append((body, edge_in + body.width_in / 2))
        edge_in += body.width_in + BODY_GAP_IN
    return PlacedSlot(slot.class_name, left_in, left_in + slot.width_in, tuple(bodies))


def _place_row(
    groups: Sequence[str],
    slots: dict[str, Slot],
    *,
    left_in: float,
    top_in: float,
    width_in: float,
) -> PlacedRow:
    names = [name for group in groups for name in group_members(group)]
    gaps = _gaps_in(groups)
    stretch = 1 + (width_in - _natural_width_in(groups, slots)) / sum(gaps)
    placed, edge_in = {}, left_in
    for name, gap in zip(names, [*gaps, 0.0], strict=True):
        placed[name] = _place_slot(slots[name], edge_in)
        edge_in = placed[name].right_in + gap * stretch
    bodies = [body for name in names for body in slots[name].bodies]
    centromere = top_in + SIGN_ROOM_IN + max((body.above_in for body in bodies), default=0.0)
    bar = centromere + max((body.below_in for body in bodies), default=0.0) + BAR_GAP_IN
    number = bar + BAR_IN + NUMBER_GAP_IN
    bracket = number + BRACKET_GAP_IN
    letter = bracket + LETTER_GAP_IN
    return PlacedRow(
        centromere_in=centromere,
        bar_in=bar,
        number_in=number,
        bracket_in=bracket,
        letter_in=letter,
        bottom_in=letter + ROW_GAP_IN,
        slots=tuple(placed.values()),
        groups=tuple(
            (group, placed[members[0]].left_in, placed[members[-1]].right_in)
            for group, members in ((group, group_members(group)) for group in groups)
        ),
    )
