from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.karyotyping.karyogram.text import (
    shorten_text,
    text_width_in,
    wrap_text,
)


@given(st.text(alphabet="abW ,.é-", max_size=60), st.floats(0.4, 3.0))
@settings(max_examples=60, deadline=None)
def test_wrapped_lines_fit_and_lose_nothing(text: str, width_in: float):
    lines = wrap_text(text, width_in=width_in, size_points=8.0)
    assert all(text_width_in(line, size_points=8.0) <= width_in for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(alphabet="abW ,.é-", max_size=60), st.floats(0.4, 3.0))
@settings(max_examples=60, deadline=None)
def test_shortened_text_fits_two_lines_and_keeps_its_ends(text: str, width_in: float):
    shown = shorten_text(text, width_in=width_in, size_points=8.0)
    lines = shown.split("\n")
    assert len(lines) <= 2
    assert all(text_width_in(line, size_points=8.0) <= width_in for line in lines)
    start, dots, end = shown.replace("\n", " ").partition("…")
    whole, bare = ("".join(one.split()) for one in (text, start + end))
    assert bare == whole or dots
    assert whole.startswith("".join(start.split()))
    assert whole.endswith("".join(end.split()))


def test_formulas_break_after_commas():
    lines = wrap_text("1,?" + ",-22" * 30, width_in=2.0, size_points=16.0, bold=True)
    assert len(lines) > 2
    assert all(line.endswith(",") and line.startswith(("1", "-")) for line in lines[:-1])


def test_characters_that_the_font_lacks_are_written_as_escapes():
    for bold in (False, True):
        lines = wrap_text("é\u3000病例\n𠀀\udcff", width_in=9.0, size_points=8.0, bold=bold)
        assert lines == (r"é \u75c5\u4f8b \U00020000\udcff",)
