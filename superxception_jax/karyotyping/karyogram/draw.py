"""Draw the karyogram of a cell: its chromosomes paired and grouped in the order of ISCN."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.files import replacing
from superxception_jax.karyotyping.karyogram.items import (
    DOTS_PER_INCH,
    ChromosomeBox,
    Item,
    Karyogram,
    PlacedPicture,
)
from superxception_jax.karyotyping.karyogram.layout import content_width_in, lay_out
from superxception_jax.karyotyping.karyogram.page import (
    LEGEND_POINTS,
    Line,
    place_footer,
    place_legend,
    place_lines,
)
from superxception_jax.karyotyping.karyogram.picture import BORDER_PX, prepare_picture, white_level
from superxception_jax.karyotyping.karyogram.png_file import png_bytes
from superxception_jax.karyotyping.karyogram.raster import karyogram_raster
from superxception_jax.karyotyping.karyogram.rows import Chromosome, place_row
from superxception_jax.karyotyping.karyogram.slots import (
    build_slots,
    class_members,
    inches_per_pixel,
)
from superxception_jax.karyotyping.karyogram.style import PALETTES
from superxception_jax.karyotyping.karyogram.text import line_height_in, wrap_text
from superxception_jax.karyotyping.karyotype import Karyotype

# What `save_karyogram` writes: a laboratory that asks for SVG also wants the picture.
PICTURES = ("png", "svg", "none")
DRAFT = "draft karyotype, to be verified by a cytogeneticist"
FOOTER = "research software, not for diagnosis"
STRAIGHTENED = "chromosomes straightened digitally along their medial axes"
# How the grey levels are shown; the contrast is never adjusted for single chromosomes.
SHOWN = {
    "print": "shown dark on white, contrast stretched equally for the whole cell",
    "original": "shown bright on black, contrast unchanged",
}
MARGIN_IN = 0.4
NAME_POINTS, ISCN_POINTS, NOTE_POINTS, LIST_POINTS = 11.0, 16.0, 9.0, 8.0
_SECTION_GAP_IN = 0.12


def draw_karyogram(
    karyotype: Karyotype,
    *,
    background: str = "print",
    ideograms: bool = True,
    straightened: bool = False,
) -> Karyogram:
    """Return the karyogram of a cell, laid out on its page.

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
        The karyogram, as large as its content requires; `save_karyogram` paints it.

    Raises:
        ValueError: The cell has no chromosomes, the background is unknown, a length isn't
            positive, a confidence is not a probability, or an image shows no chromosome.

    Source: ISCN 2020, chapter 2, for order and groups.
    """
    _check(karyotype, background)
    pictures = [prepare_picture(one, straightened=straightened) for one in karyotype.chromosomes]
    in_per_px = inches_per_pixel(karyotype)
    slots = build_slots(karyotype, pictures, in_per_px=in_per_px, ideograms=ideograms)
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
    chromosomes = [
        Chromosome(picture=picture, confidence=one.confidence, flag=flags.get(index, 0))
        for index, (one, picture) in enumerate(zip(karyotype.chromosomes, pictures, strict=True))
    ]
    in_rows = [place_row(row, chromosomes, in_per_px=in_per_px, palette=palette) for row in rows]
    return Karyogram(
        width_in=page_in,
        height_in=footer_in + MARGIN_IN,
        background=background,
        white=white_level([one.image for one in karyotype.chromosomes]),
        in_per_px=in_per_px,
        items=(
            *place_lines(header, left_in=MARGIN_IN, top_in=MARGIN_IN, palette=palette),
            *(item for items in in_rows for item in items),
            *place_legend(left_in=MARGIN_IN, middle_in=legend_in, palette=palette),
            *place_lines(notes, left_in=MARGIN_IN, top_in=notes_in, palette=palette),
            place_footer(FOOTER, middle_in=(page_in / 2, footer_in), palette=palette),
        ),
        boxes=_find_boxes(karyotype, in_rows, in_per_px=in_per_px),
    )


def save_karyogram(karyogram: Karyogram, *, stem: Path, pictures: str = "svg") -> tuple[Path, ...]:
    """Write a karyogram as PNG and, on request, as SVG, each completely or not at all.

    The PNG, at `DOTS_PER_INCH`, is for reports and costs a tenth of a second; the SVG, for print
    and for editing, costs eight times as much. Equal karyograms give equal files.

    Args:
        karyogram: Karyogram of `draw_karyogram`.
        stem: Path of both files without a suffix; the folder must exist.
        pictures: "png" for the PNG, "svg" for both, "none" for no file.

    Returns:
        The paths of the files: none, that of the PNG, or that of the PNG and that of the SVG.

    Raises:
        ValueError: `pictures` is none of these.
        OSError: A file can't be written.
    """
    if pictures not in PICTURES:
        raise ValueError(f"`pictures` must be one of {PICTURES}, got {pictures!r}; choose one.")
    if pictures == "none":
        return ()
    png = stem.with_name(stem.name + ".png")
    with replacing(png) as temporary:
        temporary.write_bytes(_png(karyogram))
    if pictures == "png":
        return (png,)
    # Here, because matplotlib takes longer to start than a PNG to be painted.
    from superxception_jax.karyotyping.karyogram.vector import save_svg

    svg = stem.with_name(stem.name + ".svg")
    with replacing(svg) as temporary:
        save_svg(karyogram, temporary)
    return png, svg


def _png(karyogram: Karyogram) -> bytes:
    raster = karyogram_raster(karyogram)
    return png_bytes(raster.pixels, palette=raster.palette, dots_per_inch=DOTS_PER_INCH)


def karyogram_boxes(karyogram: Karyogram) -> dict[str, Any]:
    """Return where the chromosomes are on the PNG of a karyogram, as JSON values.

    Args:
        karyogram: Karyogram of `draw_karyogram`.

    Returns:
        width_px and height_px of the PNG, and boxes, one per chromosome in the order of the page:
        image (its name), class, homologue (0 for the first of its class), row (0 for the first),
        turned (whether the original image is upside down) and box, [left, top, right, bottom] in
        pixels of the PNG from its upper left corner.
    """
    width_px, height_px = karyogram.size_px
    return {
        "width_px": width_px,
        "height_px": height_px,
        "boxes": [
            {
                "image": one.name,
                "class": one.class_name,
                "homologue": one.homologue,
                "row": one.row,
                "turned": one.turned,
                "box": [
                    round(side_in * DOTS_PER_INCH)
                    for side_in in (one.left_in, one.top_in, one.right_in, one.bottom_in)
                ],
            }
            for one in karyogram.boxes
        ],
    }


def _find_boxes(
    karyotype: Karyotype, in_rows: Sequence[Sequence[Item]], *, in_per_px: float
) -> tuple[ChromosomeBox, ...]:
    """Return where each chromosome is, without the border of its picture."""
    border_in = BORDER_PX * in_per_px
    boxes: list[ChromosomeBox] = []
    counts: dict[str, int] = {}
    for row, items in enumerate(in_rows):
        for item in items:
            if not isinstance(item, PlacedPicture):
                continue
            one = karyotype.chromosomes[item.index]
            homologue = counts.get(one.class_name, 0)
            counts[one.class_name] = homologue + 1
            boxes.append(
                ChromosomeBox(
                    name=one.name,
                    class_name=one.class_name,
                    homologue=homologue,
                    row=row,
                    turned=one.turned,
                    left_in=item.left_in + border_in,
                    top_in=item.top_in + border_in,
                    right_in=item.left_in + item.width_in - border_in,
                    bottom_in=item.top_in + item.height_in - border_in,
                )
            )
    return tuple(boxes)


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


def _number_flags(karyotype: Karyotype) -> dict[int, int]:
    """Return the marker numbers of the flagged chromosomes, from 1 in the order of the page."""
    shown = [
        index for label in range(len(CLASS_NAMES)) for index in class_members(karyotype, label)
    ]
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
