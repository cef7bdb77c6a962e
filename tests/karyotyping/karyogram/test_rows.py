from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.karyotyping.karyogram.items import (
    Box,
    Item,
    Marker,
    Outline,
    PlacedIdeogram,
    PlacedPicture,
    Stroke,
    Writing,
)
from superxception_jax.karyotyping.karyogram.layout import Body, PlacedRow, PlacedSlot
from superxception_jax.karyotyping.karyogram.picture import Picture
from superxception_jax.karyotyping.karyogram.rows import Chromosome, place_row
from superxception_jax.karyotyping.karyogram.style import PALETTES, confidence_colour


def placed(bodies: tuple[tuple[Body, float], ...], *, flag: int = 0) -> list[Item]:
    """Place a row with one slot; its only chromosome is 40 x 20 px, centromere at row 10."""
    picture = Picture(image=np.full((40, 20), 150, np.uint8), centromere_px=10.0)
    row = PlacedRow(
        centromere_in=2.0,
        bar_in=3.0,
        number_in=3.2,
        bracket_in=3.3,
        letter_in=3.4,
        bottom_in=3.6,
        slots=(PlacedSlot("21", 0.5, 2.5, bodies),),
        groups=(("G", 0.5, 2.5),),
    )
    chromosomes = [Chromosome(picture=picture, confidence=0.97, flag=flag)]
    return place_row(row, chromosomes, in_per_px=0.02, palette=PALETTES["print"])


def written(items: list[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Writing)]


def test_a_chromosome_hangs_on_the_centromere_line_above_its_bar():
    items = placed(((Body("chromosome", 0.4, 0.2, 0.6, 0), 1.0),), flag=7)
    (picture,) = (item for item in items if isinstance(item, PlacedPicture))
    size = (picture.width_in, picture.height_in)
    assert (picture.left_in, picture.top_in, *size) == pytest.approx((0.8, 1.8, 0.4, 0.8))
    (bar,) = (item for item in items if isinstance(item, Box))
    assert (bar.left_in, bar.top_in, bar.width_in) == pytest.approx((0.84, 3.0, 0.32))
    assert bar.colour == confidence_colour(0.97)
    marker = items[-1]
    assert isinstance(marker, Marker)
    assert marker.number.text == "7"
    assert marker.middle_in[0] == 1.0
    assert marker.middle_in[1] + marker.radius_in < 1.8
    # The line through the centromeres is behind everything, the marker before everything.
    assert items[0] == Stroke(((0.44, 2.0), (2.56, 2.0)), 0.6, PALETTES["print"].line)


def test_an_unflagged_chromosome_has_no_marker():
    items = placed(((Body("chromosome", 0.4, 0.2, 0.6, 0), 1.0),))
    assert not any(isinstance(item, Marker) for item in items)
    assert written(items) == ["21", "G"]


@pytest.mark.parametrize(
    ("kind", "texts"), [("missing", ["21", "G"]), ("unknown", ["?", "21", "G"])]
)
def test_a_missing_chromosome_is_an_outline(kind: str, texts: list[str]):
    items = placed(((Body(kind, 0.4, 0.2, 0.6), 1.0),))
    (outline,) = (item for item in items if isinstance(item, Outline))
    assert (outline.top_in, outline.height_in) == pytest.approx((1.8, 0.8))
    assert not any(isinstance(item, PlacedPicture) for item in items)
    assert written(items) == texts


def test_an_ideogram_has_its_centromere_on_the_line():
    items = placed(((Body("ideogram", 0.2, 0.2, 0.6), 1.0),))
    (ideogram,) = (item for item in items if isinstance(item, PlacedIdeogram))
    assert (ideogram.label, ideogram.middle_in) == (20, (1.0, 2.0))
    assert (ideogram.length_in, ideogram.width_in) == pytest.approx((0.8, 0.2))
