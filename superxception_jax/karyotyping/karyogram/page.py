"""The page of a karyogram and its lines of text. Inches, right and down from the corner."""

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
_SWATCH_IN = 0.1
# A gap of the legend between a colour and its text, and three times it between two entries.
_LEGEND_GAP_IN = 0.06


@dataclass(frozen=True)
class Line:
    """One line of text.

    Attributes:
        text: to write.
        size_points: of the font.
        bold: whether it is bold.
        italic: whether it is italic.
        pale: whether it is written in the secondary colour.
    """

    text: str
    size_points: float
    bold: bool = False
    italic: bool = False
    pale: bool = False


def open_page(width_in: float, height_in: float, *, palette: Palette) -> tuple[Figure, Axes]:
    """Open a page whose axes count in inches from its upper left corner.

    Args:
        width_in: of the page.
        height_in: of the page.
        palette: its colours.

    Returns:
        The figure and its only axes.

    **Source:** ours, because sizes of text and of pictures then have one unit.
    """
    figure = Figure(figsize=(width_in, height_in), dpi=DOTS_PER_INCH, facecolor=palette.page)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set(xlim=(0.0, width_in), ylim=(height_in, 0.0), autoscale_on=False)
    return figure, axes


def paint_lines(
    axes: Axes, lines: Sequence[Line], *, left_in: float, top_in: float, palette: Palette
) -> float:
    """Write lines of text below each other.

    Args:
        axes: of the page.
        lines: to write.
        left_in: where they begin.
        top_in: upper edge of the first one.
        palette: colours of the page.

    Returns:
        Their lower edge.

    **Source:** ours.
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
    """Explain the colours of the bars in one line.

    Args:
        axes: of the page.
        left_in: where it begins.
        middle_in: middle of the line.
        palette: colours of the page.

    **Source:** ours.
    """
    entries: list[tuple[str | None, str]]
    entries = [(None, "confidence in the class, given the whole cell")]
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
        axes: of the page.
        text: to write.
        middle_in: (right, down) of its middle.
        palette: colours of the page.

    **Source:** ours.
    """
    write(axes, *middle_in, text, color=palette.ink, size=FOOTER_POINTS, weight="bold", ha="center")


def write(
    axes: Axes, right_in: float, down_in: float, text: str, *, ha: str = "center", **style: Any
) -> None:
    """Write one line of text, centred on a height.

    Args:
        axes: of the page.
        right_in: its left edge or middle, by `ha`.
        down_in: the middle of its capitals.
        text: to write; dollar signs of file names are no mathematics.
        ha: "left" or "center".
        **style: of `matplotlib.text.Text`.

    **Source:** ours.
    """
    axes.text(right_in, down_in, text, ha=ha, va="center_baseline", parse_math=False, **style)


def rectangle(
    corner: tuple[float, float], width_in: float, height_in: float, *, colour: str, edge: str
) -> Rectangle:
    """Return a filled rectangle with a thin edge.

    Args:
        corner: (right, down) of its upper left corner.
        width_in: its width.
        height_in: its height.
        colour: of its inside.
        edge: of its edge.

    Returns:
        The rectangle, not yet on a page.

    **Source:** ours.
    """
    return Rectangle(corner, width_in, height_in, facecolor=colour, edgecolor=edge, linewidth=0.3)
