"""Lines of text that fit on a page, measured without drawing them."""

from __future__ import annotations

import re

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

POINTS_PER_INCH = 72.0
LINE_HEIGHT = 1.35
_PIECES = re.compile(r"\s+|[^\s,]*,|[^\s,]+")


def text_width_in(text: str, *, size_points: float, bold: bool = False) -> float:
    """Measure one line of text.

    Args:
        text: without line breaks.
        size_points: of the font.
        bold: whether it is bold.

    Returns:
        Its width in inches.

    **Source:** ours, because text that runs into other text is worse than a larger page.
    """
    font = FontProperties(size=size_points, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / POINTS_PER_INCH


def wrap_text(
    text: str, *, width_in: float, size_points: float, bold: bool = False
) -> tuple[str, ...]:
    """Break a text into lines that fit a width, at spaces and behind commas.

    Args:
        text: any text; its line breaks count as spaces.
        width_in: room in inches, > 0.
        size_points: of the font.
        bold: whether it is bold.

    Returns:
        At least one line. What has neither space nor comma is broken where the room ends.

    **Source:** ours, because ISCN formulas break behind commas and file names anywhere.
    """
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        # A break of the source is a space here.
        word = " " if piece.isspace() else piece
        if text_width_in((line + word).rstrip(), size_points=size_points, bold=bold) <= width_in:
            line += word if line or word != " " else ""
            continue
        if line.rstrip():
            lines.append(line.rstrip())
        line = ""
        for letter in word.strip():
            if line and text_width_in(line + letter, size_points=size_points, bold=bold) > width_in:
                lines.append(line)
                line = ""
            line += letter
    return (*lines, line.rstrip()) if line.rstrip() or not lines else tuple(lines)


def line_height_in(size_points: float) -> float:
    """Return the distance between the lines of a text.

    Args:
        size_points: of the font.

    Returns:
        Inches.

    **Source:** ours, the usual third more than the size.
    """
    return LINE_HEIGHT * size_points / POINTS_PER_INCH
