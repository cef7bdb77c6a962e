from __future__ import annotations

import dataclasses
import functools
import itertools
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.karyogram.draw import (
    DRAFT,
    FOOTER,
    STRAIGHTENED,
    draw_karyogram,
    karyogram_boxes,
    save_karyogram,
)
from superxception_jax.karyotyping.karyogram.picture import prepare_picture
from superxception_jax.karyotyping.karyogram.raster import karyogram_raster
from superxception_jax.karyotyping.karyogram.style import CONFIDENCES
from superxception_jax.karyotyping.karyogram.vector import karyogram_figure
from superxception_jax.karyotyping.karyotype import Karyotype
from tests.karyotyping.karyogram.example_cells import CELLS, laid_out, only
from tests.karyotyping.read_cells import cell
from tests.paths import REPOSITORY


@functools.cache
def drawing(name: str) -> tuple[Karyotype, Figure]:
    karyotype, karyogram = laid_out(name)
    return karyotype, karyogram_figure(karyogram)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("name", CELLS)
def test_no_text_overlaps_and_all_of_it_is_on_the_page(name: str):
    _, figure = drawing(name)
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    for one, other in itertools.combinations(boxes, 2):
        # Ascenders and descenders of neighbouring lines may overlap by 4 px at 300 dpi.
        beside = one.x1 <= other.x0 or other.x1 <= one.x0
        assert beside or one.y1 <= other.y0 + 4 or other.y1 <= one.y0 + 4
    page = figure.bbox
    assert min(box.x0 for box in boxes) > page.x0
    assert max(box.x1 for box in boxes) < page.x1
    assert min(box.y0 for box in boxes) > page.y0
    assert max(box.y1 for box in boxes) < page.y1


@pytest.mark.parametrize("name", CELLS)
def test_pictures_are_all_there_do_not_overlap_and_share_one_scale(name: str):
    karyotype, figure = drawing(name)
    straightened = CELLS[name]()[1].get("straightened", False)
    extents = np.array([image.get_extent() for image in figure.axes[0].images])
    assert len(extents) == len(karyotype.chromosomes)
    pictures = [prepare_picture(one, straightened=straightened) for one in karyotype.chromosomes]
    heights_px = sorted(picture.image.shape[0] for picture in pictures)
    scales = np.sort(extents[:, 2] - extents[:, 3]) / heights_px
    np.testing.assert_allclose(scales, scales[0], rtol=1e-9)
    # The black borders of two neighbours may overlap.
    borders_in = 4 * scales[0] + 1e-9
    for one, other in itertools.combinations(extents, 2):
        beside = max(one[0], other[0]) >= min(one[1], other[1]) - borders_in
        assert beside or one[2] <= other[3] or other[2] <= one[3]


def test_the_text_of_a_figure():
    written = texts(drawing("trisomy")[1])
    assert {"synthetic q 1", "47,XY,+21", DRAFT, FOOTER, *CLASS_NAMES, *"ABCDEFG"} <= set(written)
    notes = " ".join(written)
    assert "1 – chromosome 1 (1 of seed 100): the probability of the class is low" in notes
    assert "2 – chromosome 21 (21 of seed 101): short; $x_1$ touches" in notes
    losses = " ".join(texts(drawing("losses")[1]))
    assert "cell: 44 chromosomes" in losses
    assert "unreadable: image_3.png: the probability" in losses
    assert "set aside: bar.png: a scale bar" in losses
    assert "no ISCN formula: 1 image could not be read, 1 image set aside" in losses
    assert "44,XX" not in losses


@pytest.mark.parametrize(
    ("name", "note"),
    [
        (
            "female",
            "46 chromosomes, all at the same scale; shown dark on white, contrast stretched "
            "equally for the whole cell",
        ),
        (
            "turner",
            "45 chromosomes, all at the same scale; shown bright on black, contrast unchanged",
        ),
        ("one", "1 chromosome; shown dark on white, contrast stretched equally for the whole cell"),
    ],
)
def test_a_note_says_how_the_chromosomes_are_shown(name: str, note: str):
    assert note in texts(drawing(name)[1])


@pytest.mark.parametrize(("name", "says_so"), [("trisomy", True), ("female", False)])
def test_a_straightened_figure_says_so(name: str, says_so: bool):
    assert (STRAIGHTENED in texts(drawing(name)[1])) == says_so


def test_markers_are_above_their_chromosomes_with_their_numbers():
    karyotype, figure = drawing("trisomy")
    discs = [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]
    numbers = [text for text in figure.axes[0].texts if text.get_color() == "white"]
    assert [number.get_text() for number in numbers] == ["1", "2"]
    assert len(discs) == 2
    renderer = FigureCanvasAgg(figure).get_renderer()
    for disc, number in zip(discs, numbers, strict=True):
        inside, outside = number.get_tightbbox(renderer), disc.get_window_extent(renderer)
        assert inside is not None
        # The middle of an ink box is half a pixel off at most, beside what "1" has on its left.
        assert outside.x0 < inside.x0 < inside.x1 < outside.x1
        assert (outside.y0 + outside.y1) / 2 == pytest.approx((inside.y0 + inside.y1) / 2, abs=4)
    right_in, down_in = discs[0].center
    extents = [image.get_extent() for image in figure.axes[0].images]
    below = [one for one in extents if one[0] < right_in < one[1] and one[3] > down_in]
    nearest = min(below, key=lambda one: one[3])
    height_px, width_px = prepare_picture(karyotype.chromosomes[0], straightened=True).image.shape
    drawn_ratio = (nearest[1] - nearest[0]) / (nearest[2] - nearest[3])
    assert drawn_ratio == pytest.approx(width_px / height_px)


def test_centromeres_of_a_row_are_on_its_line():
    karyotype, figure = drawing("female")
    axes = figure.axes[0]
    lines = [np.asarray(line.get_ydata())[0] for line in axes.lines if line.get_color() == "0.72"]
    assert len(lines) == 4
    extents = [image.get_extent() for image in axes.images]
    for name, row in (("1", 0), ("9", 1), ("17", 2), ("X", 3)):
        for one in karyotype.of_class(name):
            picture = prepare_picture(one, straightened=False)
            height_px, width_px = picture.image.shape
            ratio = pytest.approx(width_px / height_px, rel=1e-6)
            centromeres = [
                top + picture.centromere_px * (bottom - top) / height_px
                for left, right, bottom, top in extents
                if (right - left) / (bottom - top) == ratio
            ]
            assert min(abs(down_in - lines[row]) for down_in in centromeres) < 1e-6


@pytest.mark.parametrize(
    ("name", "missing"),
    [("female", 0), ("trisomy", 0), ("turner", 1), ("losses", 2), ("small", 0), ("one", 22)],
)
def test_missing_chromosomes_are_dashed_outlines(name: str, missing: int):
    patches = drawing(name)[1].axes[0].patches
    assert sum(isinstance(patch, FancyBboxPatch) for patch in patches) == missing


def test_a_missing_sex_chromosome_may_be_either():
    assert "?" in texts(drawing("turner")[1])
    assert "?" not in texts(drawing("losses")[1])


def test_every_chromosome_has_a_bar_in_the_colour_of_its_confidence():
    karyotype, figure = drawing("female")
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    # The last ones belong to the legend.
    colours = [tuple(np.round(to_rgb(bar.get_facecolor()), 3)) for bar in bars[: -len(CONFIDENCES)]]
    assert len(colours) == 46
    sure = sum(one.confidence >= 0.99 for one in karyotype.chromosomes)
    assert colours.count(tuple(np.round(to_rgb("#0072B2"), 3))) == sure


@pytest.mark.parametrize(("name", "page"), [("female", 1.0), ("turner", 0.0)])
def test_print_is_dark_on_white_and_the_original_bright_on_black(name: str, page: float):
    figure = drawing(name)[1]
    assert to_rgb(figure.get_facecolor()) == (page, page, page)
    rgba = np.asarray(figure.axes[0].images[0].get_array())
    inside, edge = rgba[..., 0][rgba[..., 3] == 255], rgba[..., 0][rgba[..., 3] < 40]
    assert (edge.mean() > inside.mean()) == (page == 1.0)


def test_ideograms_can_be_switched_off():
    assert not drawing("losses")[1].axes[0].collections
    # Bands, hatching and an outline for each class but Y.
    assert len(drawing("female")[1].axes[0].collections) == 3 * 23


def test_a_cell_without_chromosomes_is_refused():
    empty = dataclasses.replace(cell("45,X"), chromosomes=(), cell="empty 7")
    with pytest.raises(ValueError, match=r"at least one chromosome, got none in cell 'empty 7'"):
        draw_karyogram(empty)


def test_wrong_options_and_lengths_are_refused():
    with pytest.raises(ValueError, match="`background` must be one of"):
        draw_karyogram(cell("45,X"), background="white")
    one = only(cell("45,X"), "X")
    flat = dataclasses.replace(one.chromosomes[0], length_px=0.0)
    with pytest.raises(ValueError, match=r"`length_px` of X of seed 0 must be > 0, got 0\.0"):
        draw_karyogram(dataclasses.replace(one, chromosomes=(flat,)))


@pytest.mark.parametrize("pictures", [(), ("png",), ("png", "svg")])
def test_equal_karyograms_give_equal_files_of_what_is_asked_for(
    pictures: tuple[str, ...], tmp_path
):
    karyotype = only(cell("46,XY"), "21", "Y")
    contents = []
    for stem in ("first", "second"):
        karyogram = draw_karyogram(karyotype)
        paths = save_karyogram(
            karyogram, stem=tmp_path / stem, pictures=pictures[-1] if pictures else "none"
        )
        assert [path.name for path in paths] == [f"{stem}.{ending}" for ending in pictures]
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    assert len(list(tmp_path.iterdir())) == 2 * len(pictures)
    if "svg" in pictures:
        assert contents[0][1].count(b"<image") == 3


def test_names_in_characters_that_the_font_lacks_stay_distinct(tmp_path):
    karyotype = only(cell("46,XY"), "21")
    contents = []
    for name in ("病例一", "病例二"):
        karyogram = draw_karyogram(dataclasses.replace(karyotype, cell=name))
        contents.append(
            [one.read_bytes() for one in save_karyogram(karyogram, stem=tmp_path / "a")]
        )
    for one, other in zip(*contents, strict=True):
        assert one != other


def test_unknown_pictures_are_refused(tmp_path):
    karyogram = draw_karyogram(only(cell("46,XY"), "21"))
    with pytest.raises(ValueError, match="`pictures` must be one of"):
        save_karyogram(karyogram, stem=tmp_path / "one", pictures="jpeg")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["trisomy", "turner", "misclassified"])
def test_boxes_enclose_the_chromosomes_of_the_picture(name: str):
    karyotype, karyogram = laid_out(name)
    found = karyogram_boxes(karyogram)
    pixels = karyogram_raster(karyogram).pixels
    assert (found["height_px"], found["width_px"]) == pixels.shape
    shown = {name: karyotype.of_class(name) for name in CLASS_NAMES}
    assert {
        (box["class"], box["homologue"], box["image"], box["turned"]) for box in found["boxes"]
    } == {
        (name, place, one.name, one.turned)
        for name, ones in shown.items()
        for place, one in enumerate(ones)
    }
    order = [(box["row"], box["box"][0]) for box in found["boxes"]]
    assert order == sorted(order)
    page = int(pixels[0, 0])
    for box in found["boxes"]:
        left, top, right, bottom = box["box"]
        inside = np.abs(pixels[top:bottom, left:right].astype(int) - page) > 40
        # No empty row or column wider than the blurred edge of a chromosome.
        for side in (0, 1):
            lit = np.flatnonzero(inside.any(axis=side))
            assert lit[0] < 0.15 * inside.shape[1 - side] + 12
            assert lit[-1] > 0.85 * inside.shape[1 - side] - 12


def test_a_png_needs_no_matplotlib():
    code = (
        "import sys; from superxception_jax.karyotyping.karyogram import draw, fonts;"
        "fonts.load_widths(bold=True, italic=False); print('matplotlib' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
