"""DejaVu Sans, the font of the karyograms, read from the files that come with matplotlib.

Widths are taken from the tables of the files, so that they depend neither on the size in pixels
nor on a version of FreeType; matplotlib itself is not imported.
"""

from __future__ import annotations

import functools
import importlib.util
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FAMILY = "DejaVu Sans"
# Heights relative to the font size.
ASCENT, DESCENT = 0.76, 0.24
_FILES = {
    (False, False): "DejaVuSans.ttf",
    (True, False): "DejaVuSans-Bold.ttf",
    (False, True): "DejaVuSans-Oblique.ttf",
    (True, True): "DejaVuSans-BoldOblique.ttf",
}
_FONT_FOLDER = Path("mpl-data", "fonts", "ttf")
# Of a table of characters: Unicode, all planes.
_ALL_CHARACTERS = (3, 10)
_MISSING_GLYPH = 0


@dataclass(frozen=True)
class Widths:
    """How far the characters of a font advance, in units of the font.

    Attributes:
        units_per_em: Units per font size.
        glyphs: Number of the glyph by character.
        advances: Advance of each glyph.
        kerning: What is added between two glyphs.
    """

    units_per_em: int
    glyphs: Mapping[str, int]
    advances: tuple[int, ...]
    kerning: Mapping[tuple[int, int], int]

    def places(self, text: str) -> list[float]:
        """Return where each character begins and the last one ends, relative to the font size.

        Args:
            text: Text without line breaks.

        Returns:
            One more number than characters; the first is 0.
        """
        places, units, before = [0.0], 0, -1
        for character in text:
            glyph = self.glyphs.get(character, _MISSING_GLYPH)
            kerned = self.kerning.get((before, glyph), 0)
            places[-1] += kerned / self.units_per_em
            # The last advance is that of all further glyphs.
            units += kerned + self.advances[min(glyph, len(self.advances) - 1)]
            places.append(units / self.units_per_em)
            before = glyph
        return places


def font_file(*, bold: bool, italic: bool) -> Path:
    """Return the file of the font.

    Args:
        bold: Whether the font is bold.
        italic: Whether the font is italic.

    Raises:
        FileNotFoundError: matplotlib is installed without its fonts.
    """
    found = importlib.util.find_spec("matplotlib")
    package = Path(found.origin).parent if found and found.origin else Path("matplotlib")
    path = package / _FONT_FOLDER / _FILES[bold, italic]
    if not path.is_file():
        raise FileNotFoundError(
            f"matplotlib must be installed with its fonts, got no file `{path}`; install it with "
            "pip."
        )
    return path


@functools.cache
def load_widths(*, bold: bool, italic: bool) -> Widths:
    """Load the widths of the font.

    Args:
        bold: Whether the font is bold.
        italic: Whether the font is italic.

    Returns:
        The widths; loaded once.

    Raises:
        FileNotFoundError: matplotlib is installed without its fonts.

    Source: OpenType 1.9, tables cmap (format 12), head, hhea, hmtx and kern (format 0).
    """
    content = font_file(bold=bold, italic=italic).read_bytes()
    (tables,) = struct.unpack_from(">H", content, 4)
    records = struct.iter_unpack(">4s4xII", content[12 : 12 + 16 * tables])
    table = {name: content[start : start + size] for name, start, size in records}
    (units_per_em,) = struct.unpack_from(">H", table[b"head"], 18)
    (measured,) = struct.unpack_from(">H", table[b"hhea"], 34)
    return Widths(
        units_per_em=units_per_em,
        glyphs=_read_characters(table[b"cmap"]),
        advances=tuple(
            advance for advance, _ in struct.iter_unpack(">Hh", table[b"hmtx"][: 4 * measured])
        ),
        kerning=_read_kerning(table[b"kern"]),
    )


def _read_characters(table: bytes) -> dict[str, int]:
    """Return the number of the glyph of each character."""
    (count,) = struct.unpack_from(">H", table, 2)
    starts = {
        (platform, encoding): start
        for platform, encoding, start in struct.iter_unpack(">HHI", table[4 : 4 + 8 * count])
    }
    start = starts[_ALL_CHARACTERS]
    (groups,) = struct.unpack_from(">I", table, start + 12)
    content = table[start + 16 : start + 16 + 12 * groups]
    return {
        chr(code): glyph + code - first
        for first, last, glyph in struct.iter_unpack(">III", content)
        for code in range(first, last + 1)
    }


def _read_kerning(table: bytes) -> dict[tuple[int, int], int]:
    """Return what is added between each pair of glyphs that is kerned."""
    (pairs,) = struct.unpack_from(">H", table, 10)
    content = table[18 : 18 + 6 * pairs]
    return {(left, right): units for left, right, units in struct.iter_unpack(">HHh", content)}
