from __future__ import annotations

import pytest

from superxception_jax.data.ideogram.styles import STYLES, style_named


def test_styles_are_found_by_name():
    assert style_named("q").polarity == "bright_on_dark"
    assert style_named("g").polarity == "dark_on_light"
    assert all(style_named(name) is style for name, style in STYLES.items())


def test_unknown_style_is_refused():
    with pytest.raises(ValueError, match=r"`style` must be one of \('q', 'g'\), got 'r'; choose"):
        style_named("r")
