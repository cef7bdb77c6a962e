"""Layout of a karyogram: rows, groups and slots. Inches, right and down from the page's corner."""

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
# Above the chromosomes of a row, for the flag markers.
MARKER_ROOM_IN = 0.24
BAR_GAP_IN = 0.07
BAR_IN = 0.055
NUMBER_GAP_IN = 0.13
BRACKET_GAP_IN = 0.11
LETTER_GAP_IN = 0.12
ROW_GAP_IN = 0.14


@dataclass(frozen=True)
class Body:
    """An item whose centromere is on the centromere line of its row.

    Attributes:
        kind: "chromosome", "ideogram", "missing" for a missing autosome, or "unknown" for a
            missing sex chromosome, which may be an X or a Y.
        width_in: Width.
        above_in: Extent above the centromere line.
        below_in: Extent below the centromere line.
        index: Position of the chromosome in its cell; -1 for the other kinds.
    """

    kind: str
    width_in: float
    above_in: float
    below_in: float
    index: int = -1


@dataclass(frozen=True)
class Slot:
    """The items above one class number.

    Attributes:
        class_name: Class, such as "21".
        bodies: Items from left to right.
        least_width_in: Minimum width, reserved even if the items need less.
    """

    class_name: str
    bodies: tuple[Body, ...]
    least_width_in: float

    @property
    def content_in(self) -> float:
        """Return the width of the items and of the gaps between them."""
        gaps = BODY_GAP_IN * max(len(self.bodies) - 1, 0)
        return sum(body.width_in for body in self.bodies) + gaps

    @property
    def width_in(self) -> float:
        """Return the width of the slot."""
        return max(self.content_in, self.least_width_in)


@dataclass(frozen=True)
class PlacedSlot:
    """A slot with its position on the page.

    Attributes:
        class_name: Class, such as "21".
        left_in: Left edge.
        right_in: Right edge.
        bodies: Items from left to right, each with the position of its middle.
    """

    class_name: str
    left_in: float
    right_in: float
    bodies: tuple[tuple[Body, float], ...]

    @property
    def middle_in(self) -> float:
        """Return where the class number is centred: below the chromosomes, not the ideogram."""
        ends = [
            middle_in + side * body.width_in / 2
            for body, middle_in in self.bodies
            if body.kind != "ideogram"
            for side in (-1, 1)
        ] or [self.left_in, self.right_in]
        return (min(ends) + max(ends)) / 2


@dataclass(frozen=True)
class PlacedRow:
    """A row with its position on the page; heights are measured from the top of the page.

    Attributes:
        centromere_in: Height of the centromere line.
        bar_in: Upper edge of the confidence bars.
        number_in: Middle of the class numbers.
        bracket_in: Height of the group brackets.
        letter_in: Middle of the group letters.
        bottom_in: Lower edge of the row, where the next one begins.
        slots: Slots from left to right.
        groups: Letter of each group with the left and the right end of its bracket.
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
    """Return the classes of a group, with X and Y in a group of their own.

    ISCN assigns X to group C and Y to group G by size, but karyograms show the sex chromosomes
    separately.

    Args:
        group: "A" to "G", or `SEX_GROUP`.

    Returns:
        Class names in the order of the karyogram.

    >>> group_members("G")
    ('21', '22')
    """
    if group == SEX_GROUP:
        return SEX_CHROMOSOMES
    return tuple(name for name in GROUPS[group] if name not in SEX_CHROMOSOMES)


def content_width_in(slots: dict[str, Slot]) -> float:
    """Return the width of the widest row, at least `PAGE_CONTENT_IN`.

    The page grows with its content, so that even a cell with many chromosomes in one class fits.

    Args:
        slots: Slots of all 24 classes by class name.

    Returns:
        Width between the margins in inches.
    """
    return max(PAGE_CONTENT_IN, *(_natural_width_in(groups, slots) for groups in ROWS))


def lay_out(
    slots: dict[str, Slot], *, left_in: float, top_in: float, width_in: float
) -> tuple[PlacedRow, ...]:
    """Return all slots placed in rows; the spare width of a row widens its gaps.

    Args:
        slots: Slots of all 24 classes by class name.
        left_in: Left margin.
        top_in: Upper edge of the first row.
        width_in: Width of every row, at least `content_width_in`.

    Returns:
        The rows from top to bottom.
    """
    rows = []
    for groups in ROWS:
        row = _place_row(groups, slots, left_in=left_in, top_in=top_in, width_in=width_in)
        rows.append(row)
        top_in = row.bottom_in
    return tuple(rows)


def _gaps_in(groups: Sequence[str]) -> list[float]:
    """Return the gaps between the slots of a row, which are wider between groups."""
    owners = [group for group in groups for _ in group_members(group)]
    return [
        SLOT_GAP_IN if left == right else GROUP_GAP_IN for left, right in itertools.pairwise(owners)
    ]


def _natural_width_in(groups: Sequence[str], slots: dict[str, Slot]) -> float:
    names = [name for group in groups for name in group_members(group)]
    return sum(slots[name].width_in for name in names) + sum(_gaps_in(groups))


def _place_slot(slot: Slot, left_in: float) -> PlacedSlot:
    """Return a slot at its position, with its items centred in it."""
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
    centromere = top_in + MARKER_ROOM_IN + max((body.above_in for body in bodies), default=0.0)
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
