from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyBboxPatch, Rectangle

from superxception_jax.karyotyping.karyogram.layout import Body, PlacedRow, PlacedSlot
from superxception_jax.karyotyping.karyogram.page import open_page
from superxception_jax.karyotyping.karyogram.paint import Chromosome, paint_row
from superxception_jax.karyotyping.karyogram.picture import Picture
from superxception_jax.karyotyping.karyogram.style import PALETTES, confidence_colour


def painted(bodies: tuple[tuple[Body, float], ...], *, flag: int = 0) -> Axes:
    """Paint a row with one slot; its only chromosome is 40 x 20 px, centromere at row 10."""
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
    _, axes = open_page(3.0, 4.0, palette=PALETTES["print"])
    paint_row(
        axes,
        row,
        [Chromosome(picture=picture, confidence=0.97, flag=flag)],
        labels={"21": 20},
        in_per_px=0.02,
        white=150.0,
        background="print",
    )
    return axes


def test_a_chromosome_hangs_on_the_centromere_line_above_its_bar():
    axes = painted(((Body("chromosome", 0.4, 0.2, 0.6, 0), 1.0),), flag=7)
    (image,) = axes.images
    assert image.get_extent() == pytest.approx((0.8, 1.2, 2.6, 1.8))
    (bar,) = (patch for patch in axes.patches if isinstance(patch, Rectangle))
    assert (bar.get_x(), bar.get_y(), bar.get_width()) == pytest.approx((0.84, 3.0, 0.32))
    assert bar.get_facecolor() == to_rgba(confidence_colour(0.97))
    (marker,) = (text for text in axes.texts if text.get_bbox_patch())
    assert marker.get_text() == "7"
    assert marker.get_position()[0] == 1.0
    assert marker.get_position()[1] < 1.8


def test_an_unflagged_chromosome_has_no_marker():
    axes = painted(((Body("chromosome", 0.4, 0.2, 0.6, 0), 1.0),))
    assert [text.get_text() for text in axes.texts] == ["21", "G"]


@pytest.mark.parametrize(
    ("kind", "written"), [("missing", ["21", "G"]), ("unknown", ["?", "21", "G"])]
)
def test_a_missing_chromosome_is_an_outline(kind: str, written: list[str]):
    axes = painted(((Body(kind, 0.4, 0.2, 0.6), 1.0),))
    (outline,) = (patch for patch in axes.patches if isinstance(patch, FancyBboxPatch))
    assert (outline.get_y(), outline.get_height()) == pytest.approx((1.8, 0.8))
    assert not axes.images
    assert [text.get_text() for text in axes.texts] == written


def test_an_ideogram_has_its_centromere_on_the_line():
    axes = painted(((Body("ideogram", 0.2, 0.2, 0.6), 1.0),))
    outline = np.asarray(axes.collections[-1].get_paths()[0].vertices)
    assert outline[:, 0].mean() == pytest.approx(1.0, abs=0.01)
    assert outline[:, 1].min() < 2.0 < outline[:, 1].max()
    assert np.ptp(outline[:, 1]) == pytest.approx(0.8)
