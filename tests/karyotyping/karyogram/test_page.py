from __future__ import annotations

import pytest
from matplotlib.patches import Rectangle

from superxception_jax.karyotyping.karyogram.page import (
    DOTS_PER_INCH,
    LEGEND,
    Line,
    open_page,
    paint_footer,
    paint_legend,
    paint_lines,
)
from superxception_jax.karyotyping.karyogram.style import CONFIDENCES, PALETTES
from superxception_jax.karyotyping.karyogram.text import line_height_in

PRINT = PALETTES["print"]


def test_axes_are_in_inches_from_the_upper_left_corner():
    figure, axes = open_page(8.0, 5.0, palette=PRINT)
    corner_px = axes.transData.transform((0.0, 0.0))
    assert tuple(corner_px) == pytest.approx((0.0, 5.0 * DOTS_PER_INCH))
    point_px = axes.transData.transform((2.0, 1.0))
    assert tuple(point_px) == pytest.approx((2.0 * DOTS_PER_INCH, 4.0 * DOTS_PER_INCH))
    assert figure.axes == [axes]


def test_lines_follow_each_other_in_their_style():
    _, axes = open_page(8.0, 5.0, palette=PRINT)
    lines = (Line("$a_1$", 9.0, bold=True), Line("second", 16.0, italic=True, pale=True))
    bottom_in = paint_lines(axes, lines, left_in=0.4, top_in=1.0, palette=PRINT)
    assert bottom_in == pytest.approx(1.0 + line_height_in(9.0) + line_height_in(16.0))
    first, second = axes.texts
    assert first.get_text() == "$a_1$"
    assert not first.get_parse_math()
    assert (first.get_fontweight(), first.get_fontstyle()) == ("bold", "normal")
    assert (second.get_fontweight(), second.get_fontstyle()) == ("normal", "italic")
    assert (first.get_color(), second.get_color()) == (PRINT.ink, PRINT.pale)
    assert [text.get_position()[1] for text in (first, second)] == pytest.approx(
        [1.0 + line_height_in(9.0) / 2, bottom_in - line_height_in(16.0) / 2]
    )


def test_the_legend_explains_every_colour_once():
    _, axes = open_page(8.0, 5.0, palette=PRINT)
    paint_legend(axes, left_in=0.4, middle_in=2.0, palette=PRINT)
    assert [text.get_text() for text in axes.texts] == [LEGEND, *(text for *_, text in CONFIDENCES)]
    swatches = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(swatches) == len(CONFIDENCES)
    lefts = [text.get_position()[0] for text in axes.texts]
    assert lefts == sorted(lefts)
    # Each swatch is between the text before it and its own.
    for swatch, before, own in zip(swatches, lefts, lefts[1:], strict=False):
        assert before < swatch.get_x() < own


def test_the_footer_is_centred():
    _, axes = open_page(8.0, 5.0, palette=PRINT)
    paint_footer(axes, "the end", middle_in=(4.0, 4.8), palette=PRINT)
    (text,) = axes.texts
    assert text.get_position() == (4.0, 4.8)
    assert text.get_horizontalalignment() == "center"
