"""The items in the rows of a karyogram. Inches, right and down from the page's corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.iscn import NO_SEX_CHROMOSOME
from superxception_jax.karyotyping.karyogram.items import (
    Box,
    Item,
    Outline,
    PlacedIdeogram,
    PlacedPicture,
    Stroke,
    Writing,
    mark,
    write,
)
from superxception_jax.karyotyping.karyogram.layout import BAR_IN, Body, PlacedRow, PlacedSlot
from superxception_jax.karyotyping.karyogram.picture import Picture
from superxception_jax.karyotyping.karyogram.style import Palette, confidence_colour

NUMBER_POINTS = 9.0
LETTER_POINTS = 9.0
MARKER_POINTS = 6.5
# From the top of a chromosome to the middle of its flag marker.
_MARKER_DISTANCE_IN = 0.11
_TICK_IN = 0.05
_LINE_OVERHANG_IN = 0.06
_LINE_POINTS, _BRACKET_POINTS = 0.6, 0.8


@dataclass(frozen=True)
class Chromosome:
    """A chromosome as it is shown.

    Attributes:
        picture: Picture of the chromosome.
        confidence: Probability of the assigned class, 0..1.
        flag: Number of its flag marker; 0 for none.
    """

    picture: Picture
    confidence: float
    flag: int


def place_row(
    row: PlacedRow,
    chromosomes: Sequence[Chromosome],
    *,
    in_per_px: float,
    palette: Palette,
) -> list[Item]:
    """Return what is in one row of a karyogram.

    Args:
        row: Layout of the row.
        chromosomes: All chromosomes of the cell, in the order of the karyotype.
        in_per_px: Inches on the page per pixel of an image.
        palette: Colours of the page.

    Returns:
        The items; later ones cover earlier ones.

    Raises:
        ValueError: A confidence is not a probability.
    """
    ends = (row.slots[0].left_in - _LINE_OVERHANG_IN, row.slots[-1].right_in + _LINE_OVERHANG_IN)
    line = tuple((end, row.centromere_in) for end in ends)
    items: list[Item] = [Stroke(line, _LINE_POINTS, palette.line)]
    markers: list[Item] = []
    for slot in row.slots:
        for body, middle_in in slot.bodies:
            if body.kind == "chromosome":
                one = chromosomes[body.index]
                items.append(_place_picture(one.picture, body, row, middle_in, in_per_px))
                items.append(_place_bar(one, body, row, middle_in, palette))
                if one.flag:
                    down_in = row.centromere_in - body.above_in - _MARKER_DISTANCE_IN
                    markers.append(
                        mark(
                            one.flag,
                            (middle_in, down_in),
                            size_points=MARKER_POINTS,
                            colour=palette.marker,
                            edge=palette.ink,
                        )
                    )
            elif body.kind in ("missing", "unknown"):
                items += _place_missing(body, row, middle_in, palette)
            else:
                length_in = body.above_in + body.below_in
                place = (middle_in, row.centromere_in)
                label = CLASS_NAMES.index(slot.class_name)
                items.append(PlacedIdeogram(label, place, length_in, body.width_in))
        items.append(_place_number(slot, row, palette))
    # Above the chromosomes beside them, too.
    return [*items, *_place_groups(row, palette), *markers]


def _place_groups(row: PlacedRow, palette: Palette) -> list[Item]:
    """Return the brackets and the letters of the groups."""
    items: list[Item] = []
    tick_in = row.bracket_in - _TICK_IN
    for letter, left_in, right_in in row.groups:
        corners = ((left_in, row.bracket_in), (right_in, row.bracket_in))
        points = ((left_in, tick_in), *corners, (right_in, tick_in))
        items.append(Stroke(points, _BRACKET_POINTS, palette.ink))
        place = ((left_in + right_in) / 2, row.letter_in)
        items.append(write(letter, place, size_points=LETTER_POINTS, colour=palette.ink))
    return items


def _place_picture(
    picture: Picture, body: Body, row: PlacedRow, middle_in: float, in_per_px: float
) -> PlacedPicture:
    height_in, width_in = (side * in_per_px for side in picture.image.shape)
    return PlacedPicture(
        picture,
        body.index,
        left_in=middle_in - width_in / 2,
        top_in=row.centromere_in - picture.centromere_px * in_per_px,
        width_in=width_in,
        height_in=height_in,
    )


def _place_bar(
    one: Chromosome, body: Body, row: PlacedRow, middle_in: float, palette: Palette
) -> Box:
    """Return the confidence bar."""
    return Box(
        left_in=middle_in - 0.4 * body.width_in,
        top_in=row.bar_in,
        width_in=0.8 * body.width_in,
        height_in=BAR_IN,
        colour=confidence_colour(one.confidence),
        edge=palette.ink,
    )


def _place_missing(body: Body, row: PlacedRow, middle_in: float, palette: Palette) -> list[Item]:
    """Return the dashed outline of a missing chromosome."""
    width, height = 0.75 * body.width_in, body.above_in + body.below_in
    outline = Outline(
        left_in=middle_in - width / 2,
        top_in=row.centromere_in - body.above_in,
        width_in=width,
        height_in=height,
        radius_in=0.45 * min(width, height),
        colour=palette.pale,
    )
    if body.kind == "missing":
        return [outline]
    place = (middle_in, row.centromere_in + (body.below_in - body.above_in) / 2)
    return [
        outline,
        write(NO_SEX_CHROMOSOME, place, size_points=NUMBER_POINTS, colour=palette.pale),
    ]


def _place_number(slot: PlacedSlot, row: PlacedRow, palette: Palette) -> Writing:
    is_empty = all(body.kind in ("ideogram", "unknown") for body, _ in slot.bodies)
    return write(
        slot.class_name,
        (slot.middle_in, row.number_in),
        size_points=NUMBER_POINTS,
        colour=palette.pale if is_empty else palette.ink,
        bold=not is_empty,
    )
