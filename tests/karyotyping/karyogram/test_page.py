from __future__ import annotations

import pytest

from superxception_jax.karyotyping.karyogram.fonts import ASCENT
from superxception_jax.karyotyping.karyogram.items import Box, Writing
from superxception_jax.karyotyping.karyogram.page import (
    LEGEND,
    Line,
    place_footer,
    place_legend,
    place_lines,
)
from superxception_jax.karyotyping.karyogram.style import CONFIDENCES, PALETTES
from superxception_jax.karyotyping.karyogram.text import line_height_in, text_width_in

PRINT = PALETTES["print"]


def middle_in(text: Writing) -> float:
    return text.baseline_in - ASCENT / 2 * text.size_points / 72


def test_lines_follow_each_other_in_their_style():
    lines = (Line("$a_1$", 9.0, bold=True), Line("second", 16.0, italic=True, pale=True))
    first, second = place_lines(lines, left_in=0.4, top_in=1.0, palette=PRINT)
    assert (first.text, first.bold, first.italic, first.colour) == ("$a_1$", True, False, PRINT.ink)
    assert (second.text, second.bold, second.italic) == ("second", False, True)
    assert second.colour == PRINT.pale
    assert first.left_in == second.left_in == 0.4
    assert middle_in(first) == pytest.approx(1.0 + line_height_in(9.0) / 2)
    assert middle_in(second) == pytest.approx(1.0 + line_height_in(9.0) + line_height_in(16.0) / 2)


def test_the_legend_explains_every_colour_once():
    placed = place_legend(left_in=0.4, middle_in=2.0, palette=PRINT)
    texts = [item for item in placed if isinstance(item, Writing)]
    swatches = [item for item in placed if isinstance(item, Box)]
    assert [text.text for text in texts] == [LEGEND, *(text for *_, text in CONFIDENCES)]
    assert [swatch.colour for swatch in swatches] == [colour for _, colour, _ in CONFIDENCES]
    # Each swatch is between the text before it and its own.
    for swatch, before, own in zip(swatches, texts[:-1], texts[1:], strict=True):
        stop_in = before.left_in + text_width_in(before.text, size_points=before.size_points)
        assert stop_in < swatch.left_in
        assert swatch.left_in + swatch.width_in < own.left_in
        assert swatch.top_in + swatch.height_in / 2 == pytest.approx(middle_in(own))


def test_the_footer_is_centred():
    text = place_footer("the end", middle_in=(4.0, 4.8), palette=PRINT)
    width_in = text_width_in("the end", size_points=text.size_points, bold=True)
    assert text.left_in + width_in / 2 == pytest.approx(4.0)
    assert middle_in(text) == pytest.approx(4.8)
