"""The karyogram of a cell: its chromosomes in the order of ISCN, as laboratories print them."""

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
    BACKGROUNDS,
    BORDER_PX,
    Picture,
    prepare_picture,
    white_level,
)
from superxception_jax.karyotyping.karyogram.style import PALETTES
from superxception_jax.karyotyping.karyogram.text import line_height_in, wrap_text
from superxception_jax.karyotyping.karyotype import Karyotype

DRAFT = "draft: to be verified by a cytogeneticist"
FOOTER = "not for diagnosis"
STRAIGHTENED = "straightened: every chromosome was straightened along its medial axis"
# Length of an average chromosome 1 of the cell, whatever the pixels of its camera.
LONGEST_IN = 1.75
MARGIN_IN = 0.4
# Beside slim chromosomes, a slim ideogram.
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
    """Draw the karyogram of a cell.

    All chromosomes have one scale, chosen so that an average chromosome 1 of the cell is
    `LONGEST_IN` long. Homologues stand side by side, the longest first, their centromeres on
    the line of their row. Missing ones leave an empty, dashed place, counted like the losses of
    `draft_iscn`; in that of a sex chromosome stands `?`, because it may be either. A bar below
    each chromosome has the colour of its confidence; a number above it leads to its flags below
    the picture.

    Args:
        karyotype: the cell as read, of at least one chromosome.
        background: "print": dark on white, the grey levels inverted and spread over the range
            of print, for the whole cell alike; "original": on black, grey levels as they are.
        ideograms: whether the ideogram of each class, at 400 bands and as long as its
            chromosomes on average, stands beside them.
        straightened: whether to straighten the chromosomes; the picture then says so.

    Returns:
        The figure, as large as its content needs.

    Raises:
        ValueError: the cell has no chromosome, the background is unknown, a length isn't
            positive, a confidence is no probability, or an image shows no chromosome.

    **Source:** ISCN 2020 (chapter 2) for order and groups; the rest ours, after printed
    karyograms.
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

    Args:
        figure: of `draw_karyogram`.
        stem: both targets without their endings; the folder exists.

    Returns:
        The paths of the PNG, at `DOTS_PER_INCH`, and of the SVG. Equal figures give equal files.

    Raises:
        OSError: a file can't be written.

    **Source:** ours: PNG for reports, SVG for print and for editing.
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
    """Refuse what can't be drawn."""
    if not karyotype.chromosomes:
        raise ValueError(
            f"`karyotype` must have at least one chromosome, got none in cell "
            f"{karyotype.cell!r}; see its unread images."
        )
    if background not in BACKGROUNDS:
        raise ValueError(
            f"`background` must be one of {BACKGROUNDS}, got {background!r}; choose one of these."
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
    """Return the scale of the cell, from all of its chromosomes and their ideograms."""
    length_px = sum(one.length_px for one in karyotype.chromosomes)
    units = sum(_length_units(one.label) for one in karyotype.chromosomes)
    return _inches_per_unit() * units / length_px


def _members(karyotype: Karyotype, label: int) -> list[int]:
    """Return the chromosomes of a class by their numbers, in the order of `of_class`."""
    everyone = karyotype.chromosomes
    members = [index for index, one in enumerate(everyone) if one.label == label]
    return sorted(members, key=lambda index: -everyone[index].length_px)


def _missing(counts: Sequence[int]) -> dict[str, int]:
    """Return how many empty places each class gets, from the sets that the formula counts from."""
    sets = ploidy(sum(counts))
    missing = {
        name: max(sets - count, 0)
        for name, count in zip(CLASS_NAMES, counts, strict=True)
        if name not in SEX_CHROMOSOMES
    }
    x, y = counts[-2:]
    lost = max(sets - x - y, 0)
    # Whether an X or a Y is missing is unknown: the places are where none stands.
    return missing | ({"X": lost, "Y": 0} if x == 0 else {"X": 0, "Y": lost})


def _build_slots(
    karyotype: Karyotype, pictures: Sequence[Picture], *, in_per_px: float, ideograms: bool
) -> dict[str, Slot]:
    """Gather what stands above each class number, with its size."""
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
    usual_in = float(np.median([body.width_in for body in bodies]))
    ideogram_in = min(IDEOGRAM_IN, IDEOGRAM_SHARE * usual_in)
    missing = _missing(karyotype.counts)
    slots = {}
    for label, name in enumerate(CLASS_NAMES):
        members = _members(karyotype, label)
        expected_in = _inches_per_unit() * _length_units(label)
        above_in, below_in = expected_arms_in(label, length_in=expected_in)
        standing = [bodies[index] for index in members]
        kind = "unknown" if name in SEX_CHROMOSOMES else "place"
        standing += [Body(kind, usual_in, above_in, below_in)] * missing[name]
        if ideograms and (members or kind == "place"):
            lengths = [karyotype.chromosomes[index].length_px * in_per_px for index in members]
            mean_in = float(np.mean(lengths)) if lengths else expected_in
            above_in, below_in = expected_arms_in(label, length_in=mean_in)
            standing.insert(0, Body("ideogram", ideogram_in, above_in, below_in))
        homologues = 1 if name == "Y" else 2
        least_in = homologues * (usual_in + BODY_GAP_IN) + (ideogram_in if ideograms else 0.0)
        slots[name] = Slot(class_name=name, bodies=tuple(standing), least_width_in=least_in)
    return slots


def _number_flags(karyotype: Karyotype) -> dict[int, int]:
    """Number the flagged chromosomes from 1 in the order in which the page shows them."""
    shown = [index for label in range(len(CLASS_NAMES)) for index in _members(karyotype, label)]
    flagged = [index for index in shown if karyotype.chromosomes[index].flags]
    return {index: number for number, index in enumerate(flagged, start=1)}


def _wrapped(text: str, line: Line, *, width_in: float) -> list[Line]:
    """Break a text into lines that look like `line`."""
    rows = wrap_text(text, width_in=width_in, size_points=line.size_points, bold=line.bold)
    return [Line(row, line.size_points, line.bold, line.italic, line.pale) for row in rows]


def _header(karyotype: Karyotype, *, width_in: float, straightened: bool) -> list[Line]:
    """Return the lines above the picture."""
    return [
        *_wrapped(karyotype.cell, Line("", NAME_POINTS), width_in=width_in),
        *_wrapped(karyotype.iscn, Line("", ISCN_POINTS, bold=True), width_in=width_in),
        Line(DRAFT, NOTE_POINTS, italic=True),
        *([Line(STRAIGHTENED, NOTE_POINTS, italic=True)] if straightened else []),
    ]


def _notes(
    karyotype: Karyotype, flags: dict[int, int], *, width_in: float, background: str
) -> list[Line]:
    """Return the lines below the picture: what it shows, flags, and what could not be read."""
    count = len(karyotype.chromosomes)
    shown = "inverted and spread for print" if background == "print" else "as in the images"
    plural = "s" if count > 1 else ""
    texts = [(True, f"{count} chromosome{plural} at one scale, grey levels {shown}")]
    texts += [(False, f"cell: {flag}") for flag in karyotype.flags]
    for index, number in flags.items():
        one = karyotype.chromosomes[index]
        flagged = f"{number} – chromosome {one.class_name} ({one.name}): {'; '.join(one.flags)}"
        texts.append((False, flagged))
    texts += [(False, f"not read: {name}: {reason}") for name, reason in karyotype.unread]
    return [
        line
        for pale, text in texts
        for line in _wrapped(text, Line("", LIST_POINTS, pale=pale), width_in=width_in)
    ]
