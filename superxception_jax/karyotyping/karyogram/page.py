"""The text and the legend of a karyogram's page. Inches, right and down from its corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from superxception_jax.karyotyping.karyogram.items import Box, Item, Writing, write
from superxception_jax.karyotyping.karyogram.style import CONFIDENCES, Palette
from superxception_jax.karyotyping.karyogram.text import line_height_in, text_width_in

LEGEND_POINTS = 7.5
FOOTER_POINTS = 9.0
LEGEND = "confidence of the assigned class, given all chromosomes of the cell:"
_SWATCH_IN = 0.1
# Between a colour of the legend and its text; three times as much between two entries.
_LEGEND_GAP_IN = 0.06


@dataclass(frozen=True)
class Line:
    """One line of text.

    Attributes:
        text: Text without line breaks.
        size_points: Font size.
        bold: Whether the font is bold.
        italic: Whether the font is italic.
        pale: Whether the text has the secondary colour.
    """

    text: str
    size_points: float
    bold: bool = False
    italic: bool = False
    pale: bool = False


def place_lines(
    lines: Sequence[Line], *, left_in: float, top_in: float, palette: Palette
) -> list[Writing]:
    """Return left-aligned lines of text below each other.

    Args:
        lines: Lines from top to bottom.
        left_in: Left edge of the text.
        top_in: Upper edge of the first line.
        palette: Colours of the page.
    """
    placed = []
    for line in lines:
        height_in = line_height_in(line.size_points)
        placed.append(
            write(
                line.text,
                (left_in, top_in + height_in / 2),
                size_points=line.size_points,
                colour=palette.pale if line.pale else palette.ink,
                bold=line.bold,
                italic=line.italic,
                left=True,
            )
        )
        top_in += height_in
    return placed


def place_legend(*, left_in: float, middle_in: float, palette: Palette) -> list[Item]:
    """Return the one-line legend of the confidence bars.

    Args:
        left_in: Left edge of the legend.
        middle_in: Middle of the line.
        palette: Colours of the page.
    """
    entries: list[tuple[str | None, str]] = [(None, LEGEND)]
    entries += [(colour, text) for _, colour, text in CONFIDENCES]
    placed: list[Item] = []
    for colour, text in entries:
        if colour is not None:
            top_in = middle_in - _SWATCH_IN / 2
            placed.append(
                Box(left_in, top_in, _SWATCH_IN, _SWATCH_IN, colour=colour, edge=palette.ink)
            )
            left_in += _SWATCH_IN + _LEGEND_GAP_IN
        place = (left_in, middle_in)
        placed.append(write(text, place, size_points=LEGEND_POINTS, colour=palette.pale, left=True))
        left_in += text_width_in(text, size_points=LEGEND_POINTS) + 3 * _LEGEND_GAP_IN
    return placed


def place_footer(text: str, *, middle_in: tuple[float, float], palette: Palette) -> Writing:
    """Return the last line of the page.

    Args:
        text: Text without line breaks.
        middle_in: Middle of the text (right, down).
        palette: Colours of the page.
    """
    return write(text, middle_in, size_points=FOOTER_POINTS, colour=palette.ink, bold=True)
