from __future__ import annotations

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from superxception_jax.karyotyping.karyogram import fonts
from superxception_jax.karyotyping.karyogram.fonts import FAMILY, font_file, load_widths


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("italic", [False, True])
@pytest.mark.parametrize(
    "text", ["47,XY,+21", "AVATo Te.LT", "1 – chromosome X (é.png): 95–99 %", "≥ 80 %", "WAVY"]
)
def test_widths_are_those_of_matplotlib(text: str, bold: bool, italic: bool):
    font = FontProperties(
        family=FAMILY,
        size=100,
        weight="bold" if bold else "normal",
        style="italic" if italic else "normal",
    )
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    assert 100 * load_widths(bold=bold, italic=italic).places(text)[-1] == pytest.approx(
        width, rel=0.002
    )


def test_places_grow_and_a_character_without_a_glyph_has_the_width_of_the_missing_glyph():
    widths = load_widths(bold=False, italic=False)
    assert widths.places("") == [0.0]
    places = widths.places("47,XX")
    assert places == sorted(places)
    assert len(places) == 6
    assert widths.places("\U0001fffe") == [0.0, pytest.approx(widths.advances[0] / 2048)]


def test_a_missing_font_is_said(monkeypatch):
    monkeypatch.setattr(fonts, "_FONT_FOLDER", fonts._FONT_FOLDER / "elsewhere")
    with pytest.raises(FileNotFoundError, match="must be installed with its fonts"):
        font_file(bold=False, italic=False)
