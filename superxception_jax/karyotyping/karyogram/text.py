"""Measure and wrap text so that it fits on a page, without drawing it."""

from __future__ import annotations

import re

from superxception_jax.karyotyping.karyogram.fonts import load_widths

POINTS_PER_INCH = 72.0
LINE_HEIGHT = 1.35
_PIECES = re.compile(r"\s+|[^\s,]*,|[^\s,]+")


def text_width_in(
    text: str, *, size_points: float, bold: bool = False, italic: bool = False
) -> float:
    """Return the width of one line of text.

    Args:
        text: Text without line breaks.
        size_points: Font size.
        bold: Whether the font is bold.
        italic: Whether the font is italic.

    Returns:
        Width in inches.
    """
    places = load_widths(bold=bold, italic=italic).places(text)
    return places[-1] * size_points / POINTS_PER_INCH


def wrap_text(
    text: str, *, width_in: float, size_points: float, bold: bool = False
) -> tuple[str, ...]:
    r"""Break a text at spaces and after commas into lines that fit a width.

    ISCN formulas contain commas but no spaces; file names may contain neither and are broken
    wherever the line is full. Characters that the font lacks, such as Chinese ones, are written as
    escapes (`\u75c5`), because equal boxes would make different names look equal.

    Args:
        text: Any text; its line breaks count as spaces.
        width_in: Available width in inches, > 0.
        size_points: Font size.
        bold: Whether the font is bold.

    Returns:
        The lines, at least one.
    """
    text = spell_out(text, bold=bold)
    whole = " ".join(text.split())
    if text_width_in(whole, size_points=size_points, bold=bold) <= width_in:
        return (whole,)
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        # Line breaks and tabs become spaces.
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


def shorten_text(text: str, *, width_in: float, size_points: float) -> str:
    """Return a text in at most two lines that fit a width; the middle of a longer one is left out.

    Args:
        text: Any text; its line breaks count as spaces.
        width_in: Available width in inches, > 0.
        size_points: Font size.

    Returns:
        The lines, with a line break between them.
    """
    lines = wrap_text(text, width_in=width_in, size_points=size_points)
    if len(lines) <= 2:
        return "\n".join(lines)
    # Both lines are filled: names differ at their ends, a folder in front and a number last.
    whole = " ".join(spell_out(text).split())
    start, end = 0, len(whole)
    while text_width_in(whole[: start + 1], size_points=size_points) <= width_in:
        start += 1
    while text_width_in(f"…{whole[end - 1 :]}", size_points=size_points) <= width_in:
        end -= 1
    return f"{whole[:start]}\n{'…' if start < end else ''}{whole[max(start, end) :]}"


def spell_out(text: str, *, bold: bool = False) -> str:
    """Return a text with an escape for each character that the font lacks, but not for spaces.

    Args:
        text: Any text.
        bold: Whether the font is bold.
    """
    glyphs = load_widths(bold=bold, italic=False).glyphs
    return "".join(
        one if one in glyphs or one.isspace() else one.encode("ascii", "backslashreplace").decode()
        for one in text
    )


def line_height_in(size_points: float) -> float:
    """Return the distance between two lines of text.

    Args:
        size_points: Font size.

    Returns:
        Line height in inches, `LINE_HEIGHT` times the font size.
    """
    return LINE_HEIGHT * size_points / POINTS_PER_INCH
