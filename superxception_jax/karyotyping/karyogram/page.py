"""The page of a karyogram: its text and its legend. Inches, right and down from its corner.

Every function paints on the axes that `open_page` returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from superxception_jax.karyotyping.karyogram.style import CONFIDENCES, Palette
from superxception_jax.karyotyping.karyogram.text import line_height_in, text_width_in

DOTS_PER_INCH = 300
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


def open_page(width_in: float, height_in: float, *, palette: Palette) -> tuple[Figure, Axes]:
    """Return an empty page whose axes are in inches from its upper left corner.

    Args:
        width_in: Width of the page.
        height_in: Height of the page.
        palette: Colours of the page.

    Returns:
        The figure and its only axes.
    """
    figure = Figure(figsize=(width_in, height_in), dpi=DOTS_PER_INCH, facecolor=palette.page)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set(xlim=(0.0, width_in), ylim=(height_in, 0.0), autoscale_on=False)
    return figure, axes


def paint_lines(
    axes: Axes, lines: Sequence[Line], *, left_in: float, top_in: float, palette: Palette
) -> float:
    """Write left-aligned lines of text below each other.

    Args:
        axes: Axes of the page.
        lines: Lines from top to bottom.
        left_in: Left edge of the text.
        top_in: Upper edge of the first line.
        palette: Colours of the page.

    Returns:
        Lower edge of the last line.
    """
    for line in lines:
        height_in = line_height_in(line.size_points)
        write(
            axes,
            left_in,
            top_in + height_in / 2,
            line.text,
            color=palette.pale if line.pale else palette.ink,
            size=line.size_points,
            weight="bold" if line.bold else "normal",
            style="italic" if line.italic else "normal",
            ha="left",
        )
        top_in += height_in
    return top_in


def paint_legend(axes: Axes, *, left_in: float, middle_in: float, palette: Palette) -> None:
    """Write the one-line legend of the confidence bars.

    Args:
        axes: Axes of the page.
        left_in: Left edge of the legend.
        middle_in: Middle of the line.
        palette: Colours of the page.
    """
    entries: list[tuple[str | None, str]]
    entries = [(None, LEGEND)]
    entries += [(colour, text) for _, colour, text in CONFIDENCES]
    for colour, text in entries:
        if colour is not None:
            corner = (left_in, middle_in - _SWATCH_IN / 2)
            axes.add_patch(
                rectangle(corner, _SWATCH_IN, _SWATCH_IN, colour=colour, edge=palette.ink)
            )
            left_in += _SWATCH_IN + _LEGEND_GAP_IN
        write(axes, left_in, middle_in, text, color=palette.pale, size=LEGEND_POINTS, ha="left")
        left_in += text_width_in(text, size_points=LEGEND_POINTS) + 3 * _LEGEND_GAP_IN


def paint_footer(
    axes: Axes, text: str, *, middle_in: tuple[float, float], palette: Palette
) -> None:
    """Write the last line of the page.

    Args:
        axes: Axes of the page.
        text: Text without line breaks.
        middle_in: Middle of the text (right, down).
        palette: Colours of the page.
    """
    write(axes, *middle_in, text, color=palette.ink, size=FOOTER_POINTS, weight="bold", ha="center")


def write(
    axes: Axes, right_in: float, down_in: float, text: str, *, ha: str = "center", **style: Any
) -> None:
    """Write one line of text, centred vertically.

    Args:
        axes: Axes of the page.
        right_in: Left edge of the text, or its middle with `ha="center"`.
        down_in: Middle of its capital letters.
        text: Text without line breaks; dollar signs are literal, because file names contain them.
        ha: Horizontal alignment, "left" or "center".
        **style: Properties of `matplotlib.text.Text`.
    """
    axes.text(right_in, down_in, text, ha=ha, va="center_baseline", parse_math=False, **style)


def rectangle(
    corner: tuple[float, float], width_in: float, height_in: float, *, colour: str, edge: str
) -> Rectangle:
    """Return a filled rectangle with a thin edge, not yet on a page.

    Args:
        corner: Upper left corner (right, down).
        width_in: Width.
        height_in: Height.
        colour: Fill colour.
        edge: Edge colour.

    Returns:
        The rectangle.
    """
    return Rectangle(corner, width_in, height_in, facecolor=colour, edgecolor=edge, linewidth=0.3)
