"""Paint the rows of a karyogram on its page. Inches, right and down from the page's corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import FancyBboxPatch

from superxception_jax.karyotyping.iscn import NO_SEX_CHROMOSOME
from superxception_jax.karyotyping.karyogram.ideogram import ideogram_shapes
from superxception_jax.karyotyping.karyogram.layout import BAR_IN, Body, PlacedRow, PlacedSlot
from superxception_jax.karyotyping.karyogram.page import DOTS_PER_INCH, rectangle, write
from superxception_jax.karyotyping.karyogram.picture import Picture, colour_picture
from superxception_jax.karyotyping.karyogram.style import PALETTES, Palette, confidence_colour

NUMBER_POINTS = 9.0
LETTER_POINTS = 9.0
MARKER_POINTS = 6.5
# From the top of a chromosome to the middle of its flag marker.
_MARKER_DISTANCE_IN = 0.11
_TICK_IN = 0.05
_LINE_OVERHANG_IN = 0.06


@dataclass(frozen=True)
class Chromosome:
    """A chromosome as it is painted.

    Attributes:
        picture: Picture of the chromosome.
        confidence: Probability of the assigned class, 0..1.
        flag: Number of its flag marker; 0 for none.
    """

    picture: Picture
    confidence: float
    flag: int


def paint_row(
    axes: Axes,
    row: PlacedRow,
    chromosomes: Sequence[Chromosome],
    *,
    labels: dict[str, int],
    in_per_px: float,
    white: float,
    background: str,
) -> None:
    """Paint one row of a karyogram.

    Args:
        axes: Axes of the page.
        row: Layout of the row.
        chromosomes: All chromosomes of the cell, in the order of the karyotype.
        labels: Index in `CLASS_NAMES` by class name.
        in_per_px: Inches on the page per pixel of an image.
        white: Grey level of the darkest ink, see `white_level`.
        background: A key of `PALETTES`.
    """
    palette = PALETTES[background]
    ends = (row.slots[0].left_in - _LINE_OVERHANG_IN, row.slots[-1].right_in + _LINE_OVERHANG_IN)
    axes.plot(ends, [row.centromere_in] * 2, color=palette.line, linewidth=0.6, zorder=0)
    for slot in row.slots:
        for body, middle_in in slot.bodies:
            if body.kind == "chromosome":
                one = chromosomes[body.index]
                rgba = colour_picture(
                    one.picture.image,
                    zoom=in_per_px * DOTS_PER_INCH,
                    white=white,
                    background=background,
                )
                _paint_picture(axes, one.picture, rgba, row, middle_in, in_per_px)
                _paint_marks(axes, one, body, row, middle_in, palette)
            elif body.kind in ("missing", "unknown"):
                _paint_missing(axes, body, row, middle_in, palette)
            else:
                _paint_ideogram(axes, labels[slot.class_name], body, row, middle_in, palette)
        _paint_number(axes, slot, row, palette)
    for letter, left_in, right_in in row.groups:
        xs = [left_in, left_in, right_in, right_in]
        ys = [row.bracket_in - _TICK_IN, row.bracket_in, row.bracket_in, row.bracket_in - _TICK_IN]
        axes.plot(xs, ys, color=palette.ink, linewidth=0.8, solid_joinstyle="miter")
        middle_in = (left_in + right_in) / 2
        write(axes, middle_in, row.letter_in, letter, color=palette.ink, size=LETTER_POINTS)


def _paint_picture(
    axes: Axes,
    picture: Picture,
    rgba: np.ndarray,
    row: PlacedRow,
    middle_in: float,
    in_per_px: float,
) -> None:
    height, width = (side * in_per_px for side in picture.image.shape)
    top = row.centromere_in - picture.centromere_px * in_per_px
    extent = (middle_in - width / 2, middle_in + width / 2, top + height, top)
    # The picture has the resolution of the page; interpolation would reduce it to 72 dpi in an SVG.
    axes.imshow(rgba, extent=extent, interpolation="none", aspect="auto", zorder=2)


def _paint_marks(
    axes: Axes, one: Chromosome, body: Body, row: PlacedRow, middle_in: float, palette: Palette
) -> None:
    """Paint the confidence bar and, if the chromosome is flagged, the flag marker."""
    corner = (middle_in - 0.4 * body.width_in, row.bar_in)
    colour = confidence_colour(one.confidence)
    axes.add_patch(rectangle(corner, 0.8 * body.width_in, BAR_IN, colour=colour, edge=palette.ink))
    if one.flag:
        write(
            axes,
            middle_in,
            row.centromere_in - body.above_in - _MARKER_DISTANCE_IN,
            str(one.flag),
            color="white",
            size=MARKER_POINTS,
            weight="bold",
            zorder=4,
            bbox={
                "boxstyle": "circle,pad=0.25",
                "facecolor": palette.marker,
                "edgecolor": palette.ink,
                "linewidth": 0.6,
            },
        )


def _paint_missing(
    axes: Axes, body: Body, row: PlacedRow, middle_in: float, palette: Palette
) -> None:
    """Paint the dashed outline of a missing chromosome."""
    width, height = 0.75 * body.width_in, body.above_in + body.below_in
    axes.add_patch(
        FancyBboxPatch(
            (middle_in - width / 2, row.centromere_in - body.above_in),
            width,
            height,
            boxstyle=f"round,pad=0,rounding_size={0.45 * min(width, height)}",
            facecolor="none",
            edgecolor=palette.pale,
            linewidth=0.7,
            linestyle=(0, (3, 2)),
        )
    )
    if body.kind == "unknown":
        middle = row.centromere_in + (body.below_in - body.above_in) / 2
        write(axes, middle_in, middle, NO_SEX_CHROMOSOME, color=palette.pale, size=NUMBER_POINTS)


def _paint_ideogram(
    axes: Axes, label: int, body: Body, row: PlacedRow, middle_in: float, palette: Palette
) -> None:
    outline, bands = ideogram_shapes(
        label, length_in=body.above_in + body.below_in, width_in=body.width_in
    )
    place = np.array([middle_in, row.centromere_in])
    colours = [palette.band(band.density) for band in bands]
    axes.add_collection(
        PolyCollection([band.outline + place for band in bands], facecolors=colours, zorder=1.5),
        autolim=False,
    )
    hatched = [band.outline + place for band in bands if band.hatched]
    for shapes, hatch, width in ((hatched, "//////", 0.0), ([outline + place], None, 0.5)):
        axes.add_collection(
            PolyCollection(
                shapes,
                facecolors="none",
                edgecolors=palette.ink,
                linewidths=width,
                hatch=hatch,
                zorder=1.6,
            ),
            autolim=False,
        )


def _paint_number(axes: Axes, slot: PlacedSlot, row: PlacedRow, palette: Palette) -> None:
    is_empty = all(body.kind in ("ideogram", "unknown") for body, _ in slot.bodies)
    write(
        axes,
        slot.middle_in,
        row.number_in,
        slot.class_name,
        color=palette.pale if is_empty else palette.ink,
        size=NUMBER_POINTS,
        weight="normal" if is_empty else "bold",
    )
