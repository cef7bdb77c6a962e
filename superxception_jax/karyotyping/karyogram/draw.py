"""Draw the karyogram of a cell: its chromosomes paired and grouped in the order of ISCN."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from superxception_jax.chromosomes import CLASS_NAMES, SEX_CHROMOSOMES
from superxception_jax.data.bands import chromosome_length_units, load_bands
from superxception_jax.files import replacing
from superxception_jax.karyotyping.iscn import ploidy
from superxception_jax.karyotyping.karyogram.centromere import BAND_LEVEL
from superxception_jax.karyotyping.karyogram.ideogram import expected_arms_in
from superxception_jax.karyotyping.karyogram.layout import (
    BODY_GAP_IN,
    Body,
    Slot,
    content_width_in,
    lay_out,
)
from superxception_jax.karyotyping.karyogram.page import (
    DOTS_PER_INCH,
    LEGEND_POINTS,
    Line,
    open_page,
    paint_footer,
    paint_legend,
    paint_lines,
)
from superxception_jax.karyotyping.karyogram.paint import Chromosome, paint_row
from superxception_jax.karyotyping.karyogram.picture import (
    BORDER_PX,
    Picture,
    prepare_picture,
    white_level,
)
from superxception_jax.karyotyping.karyogram.style import PALETTES
from superxception_jax.karyotyping.karyogram.text import line_height_in, wrap_text
from superxception_jax.karyotyping.karyotype import Karyotype

DRAFT = "draft karyotype, to be verified by a cytogeneticist"
FOOTER = "research software, not for diagnosis"
STRAIGHTENED = "chromosomes straightened digitally along their medial axes"
# How the grey levels are shown; the contrast is never adjusted for single chromosomes.
SHOWN = {
    "print": "shown dark on white, contrast stretched equally for the whole cell",
    "original": "shown bright on black, contrast unchanged",
}
# Length of an average chromosome 1 of the cell, whatever the pixel size of the camera.
LONGEST_IN = 1.75
MARGIN_IN = 0.4
# Width of an ideogram: at most this, and at most this share of the median chromosome's width.
IDEOGRAM_IN, IDEOGRAM_SHARE = 0.13, 0.7
NAME_POINTS, ISCN_POINTS, NOTE_POINTS, LIST_POINTS = 11.0, 16.0, 9.0, 8.0
_SECTION_GAP_IN = 0.12


def draw_karyogram(
    karyotype: Karyotype,
    *,
    background: str = "print",
    ideograms: bool = True,
    straightened: bool = False,
) -> Figure:
    """Return the karyogram of a cell.

    All chromosomes are drawn at the same scale, such that an average chromosome 1 of the cell is
    `LONGEST_IN` long. Homologues are next to each other, the longest first, with their
    centromeres on one line. Every chromosome that `draft_iscn` counts as lost is a dashed
    outline; that of a sex chromosome contains `?`, because it may be an X or a Y. The colour of
    the bar below a chromosome shows its confidence; a numbered marker above it refers to its
    flags, which are listed below the picture.

    Args:
        karyotype: Karyotype of the cell, with at least one chromosome.
        background: "print" for dark chromosomes on white, with the contrast stretched equally
            for the whole cell; "original" for bright ones on black, with unchanged grey levels.
        ideograms: Whether to draw the ideogram of each class at 400 bands per haploid set, as
            long as the class's chromosomes on average.
        straightened: Whether to straighten the chromosomes; a line of the header then says so.

    Returns:
        The figure, as large as its content requires.

    Raises:
        ValueError: The cell has no chromosomes, the background is unknown, a length isn't
            positive, a confidence is not a probability, or an image shows no chromosome.

    Source: ISCN 2020, chapter 2, for order and groups.
    """
    _check(karyotype, background)
    pictures = [prepare_picture(one, straightened=straightened) for one in karyotype.chromosomes]
    in_per_px = _inches_per_pixel(karyotype)
    slots = _build_slots(karyotype, pictures, in_per_px=in_per_px, ideograms=ideograms)
    flags = _number_flags(karyotype)
    width_in = content_width_in(slots)
    header = _header(karyotype, width_in=width_in, straightened=straightened)
    notes = _notes(karyotype, flags, width_in=width_in, background=background)
    top_in = MARGIN_IN + sum(line_height_in(line.size_points) for line in header)
    rows = lay_out(slots, left_in=MARGIN_IN, top_in=top_in, width_in=width_in)
    legend_in = rows[-1].bottom_in + _SECTION_GAP_IN + line_height_in(LEGEND_POINTS) / 2
    notes_in = legend_in + line_height_in(LEGEND_POINTS) / 2 + _SECTION_GAP_IN / 2
    footer_in = notes_in + sum(line_height_in(line.size_points) for line in notes)
    footer_in += _SECTION_GAP_IN + line_height_in(NOTE_POINTS) / 2
    palette = PALETTES[background]
    page_in = width_in + 2 * MARGIN_IN
    figure, axes = open_page(page_in, footer_in + MARGIN_IN, palette=palette)
    paint_lines(axes, header, left_in=MARGIN_IN, top_in=MARGIN_IN, palette=palette)
    chromosomes = [
        Chromosome(picture=picture, confidence=one.confidence, flag=flags.get(index, 0))
        for index, (one, picture) in enumerate(zip(karyotype.chromosomes, pictures, strict=True))
    ]
    for row in rows:
        paint_row(
            axes,
            row,
            chromosomes,
            labels={name: label for label, name in enumerate(CLASS_NAMES)},
            in_per_px=in_per_px,
            white=white_level([one.image for one in karyotype.chromosomes]),
            background=background,
        )
    paint_legend(axes, left_in=MARGIN_IN, middle_in=legend_in, palette=palette)
    paint_lines(axes, notes, left_in=MARGIN_IN, top_in=notes_in, palette=palette)
    paint_footer(axes, FOOTER, middle_in=(page_in / 2, footer_in), palette=palette)
    return figure


def save_karyogram(figure: Figure, *, stem: Path) -> tuple[Path, Path]:
    """Write a karyogram as PNG and as SVG, each completely or not at all.

    The PNG, at `DOTS_PER_INCH`, is for reports, the SVG for print and for editing. Equal figures
    give equal files.

    Args:
        figure: Figure of `draw_karyogram`.
        stem: Path of both files without a suffix; the folder must exist.

    Returns:
        The paths of the PNG and of the SVG.

    Raises:
        OSError: A file can't be written.
    """
    paths = []
    FigureCanvasAgg(figure)
    for ending, metadata in ((".png", {"Software": None}), (".svg", {"Date": None})):
        path = stem.with_name(stem.name + ending)
        with (
            replacing(path) as temporary,
            matplotlib.rc_context({"svg.hashsalt": "karyogram", "svg.fonttype": "path"}),
        ):
            figure.savefig(temporary, format=ending[1:], dpi=DOTS_PER_INCH, metadata=metadata)
        paths.append(path)
    return paths[0], paths[1]


def _check(karyotype: Karyotype, background: str) -> None:
    """Raise an error if the karyogram can't be drawn."""
    if not karyotype.chromosomes:
        raise ValueError(
            f"`karyotype` must have at least one chromosome, got none in cell "
            f"{karyotype.cell!r}; check its unreadable images."
        )
    if background not in PALETTES:
        raise ValueError(
            f"`background` must be one of {tuple(PALETTES)}, got {background!r}; choose one."
        )
    for one in karyotype.chromosomes:
        if not one.length_px > 0:
            raise ValueError(
                f"`length_px` of {one.name} must be > 0, got {one.length_px}; measure it first."
            )


def _length_units(label: int) -> int:
    return chromosome_length_units(load_bands(BAND_LEVEL)[CLASS_NAMES[label]])


def _inches_per_unit() -> float:
    return LONGEST_IN / max(_length_units(label) for label in range(len(CLASS_NAMES)))


def _inches_per_pixel(karyotype: Karyotype) -> float:
    """Return the scale of the cell: the ISCN length of its chromosomes over their pixels."""
    length_px = sum(one.length_px for one in karyotype.chromosomes)
    units = sum(_length_units(one.label) for one in karyotype.chromosomes)
    return _inches_per_unit() * units / length_px


def _members(karyotype: Karyotype, label: int) -> list[int]:
    """Return the indices of the chromosomes of a class, in the order of `Karyotype.of_class`."""
    chromosomes = karyotype.chromosomes
    members = [index for index, one in enumerate(chromosomes) if one.label == label]
    return sorted(members, key=lambda index: -chromosomes[index].length_px)


def _missing(counts: Sequence[int]) -> dict[str, int]:
    """Return how many chromosomes of each class are missing, by the ploidy level of the formula."""
    sets = ploidy(sum(counts))
    missing = {
        name: max(sets - count, 0)
        for name, count in zip(CLASS_NAMES, counts, strict=True)
        if name not in SEX_CHROMOSOMES
    }
    x, y = counts[-2:]
    lost = max(sets - x - y, 0)
    # Whether an X or a Y is missing is unknown; the outline goes where the cell has none.
    return missing | ({"X": lost, "Y": 0} if x == 0 else {"X": 0, "Y": lost})


def _build_slots(
    karyotype: Karyotype, pictures: Sequence[Picture], *, in_per_px: float, ideograms: bool
) -> dict[str, Slot]:
    """Return the items above each class number, with their sizes."""
    bodies = [
        Body(
            kind="chromosome",
            width_in=(picture.image.shape[1] - 2 * BORDER_PX) * in_per_px,
            above_in=(picture.centromere_px - BORDER_PX) * in_per_px,
            below_in=(picture.image.shape[0] - BORDER_PX - picture.centromere_px) * in_per_px,
            index=index,
        )
        for index, picture in enumerate(pictures)
    ]
    median_in = float(np.median([body.width_in for body in bodies]))
    ideogram_in = min(IDEOGRAM_IN, IDEOGRAM_SHARE * median_in)
    missing = _missing(karyotype.counts)
    slots = {}
    for label, name in enumerate(CLASS_NAMES):
        members = _members(karyotype, label)
        expected_in = _inches_per_unit() * _length_units(label)
        above_in, below_in = expected_arms_in(label, length_in=expected_in)
        items = [bodies[index] for index in members]
        kind = "unknown" if name in SEX_CHROMOSOMES else "missing"
        items += [Body(kind, median_in, above_in, below_in)] * missing[name]
        if ideograms and (members or kind == "missing"):
            lengths = [karyotype.chromosomes[index].length_px * in_per_px for index in members]
            mean_in = float(np.mean(lengths)) if lengths else expected_in
            above_in, below_in = expected_arms_in(label, length_in=mean_in)
            items.insert(0, Body("ideogram", ideogram_in, above_in, below_in))
        homologues = 1 if name == "Y" else 2
        least_in = homologues * (median_in + BODY_GAP_IN) + (ideogram_in if ideograms else 0.0)
        slots[name] = Slot(class_name=name, bodies=tuple(items), least_width_in=least_in)
    return slots


def _number_flags(karyotype: Karyotype) -> dict[int, int]:
    """Return the marker numbers of the flagged chromosomes, from 1 in the order of the page."""
    shown = [index for label in range(len(CLASS_NAMES)) for index in _members(karyotype, label)]
    flagged = [index for index in shown if karyotype.chromosomes[index].flags]
    return {index: number for number, index in enumerate(flagged, start=1)}


def _wrapped(text: str, line: Line, *, width_in: float) -> list[Line]:
    """Return a text wrapped into lines in the style of `line`."""
    rows = wrap_text(text, width_in=width_in, size_points=line.size_points, bold=line.bold)
    return [Line(row, line.size_points, line.bold, line.italic, line.pale) for row in rows]


def _header(karyotype: Karyotype, *, width_in: float, straightened: bool) -> list[Line]:
    """Return the lines above the chromosomes."""
    formula, size_points = karyotype.iscn, ISCN_POINTS
    if karyotype.withheld:
        formula, size_points = f"no ISCN formula: {karyotype.withheld}", NAME_POINTS
    return [
        *_wrapped(karyotype.cell, Line("", NAME_POINTS), width_in=width_in),
        *_wrapped(formula, Line("", size_points, bold=True), width_in=width_in),
        Line(DRAFT, NOTE_POINTS, italic=True),
        *([Line(STRAIGHTENED, NOTE_POINTS, italic=True)] if straightened else []),
    ]


def _notes(
    karyotype: Karyotype, flags: dict[int, int], *, width_in: float, background: str
) -> list[Line]:
    """Return the lines below the chromosomes: how they are shown, flags, unreadable images."""
    count = len(karyotype.chromosomes)
    amount = "1 chromosome" if count == 1 else f"{count} chromosomes, all at the same scale"
    texts = [(True, f"{amount}; {SHOWN[background]}")]
    texts += [(False, f"cell: {flag}") for flag in karyotype.flags]
    for index, number in flags.items():
        one = karyotype.chromosomes[index]
        flagged = f"{number} – chromosome {one.class_name} ({one.name}): {'; '.join(one.flags)}"
        texts.append((False, flagged))
    texts += [(False, f"unreadable: {name}: {reason}") for name, reason in karyotype.unread]
    texts += [(False, f"set aside: {name}: {reason}") for name, reason in karyotype.set_aside]
    return [
        line
        for pale, text in texts
        for line in _wrapped(text, Line("", LIST_POINTS, pale=pale), width_in=width_in)
    ]
