"""What is on the page of a karyogram. Inches, right and down from the page's corner.

A karyogram is laid out once; `vector` and `raster` both paint these records, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from superxception_jax.karyotyping.karyogram.fonts import ASCENT, DESCENT
from superxception_jax.karyotyping.karyogram.picture import Picture
from superxception_jax.karyotyping.karyogram.text import POINTS_PER_INCH, text_width_in

DOTS_PER_INCH = 300
# Thin edges of bars and discs, in points.
BOX_EDGE_POINTS, DISC_EDGE_POINTS = 0.3, 0.6
OUTLINE_POINTS = 0.7
# Lengths of the dashes of an outline and of the gaps between them, in line widths.
OUTLINE_DASHES = (3.0, 2.0)
IDEOGRAM_EDGE_POINTS = 0.5
# Room between the number of a marker and its edge, relative to the font size.
_MARKER_PADDING = 0.25


@dataclass(frozen=True)
class Writing:
    """One line of text.

    Attributes:
        text: Text without line breaks; dollar signs are literal, because file names contain them.
        left_in: Left edge.
        baseline_in: Line on which the letters stand.
        size_points: Font size.
        colour: Colour of the text.
        bold: Whether the font is bold.
        italic: Whether the font is italic.
    """

    text: str
    left_in: float
    baseline_in: float
    size_points: float
    colour: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True)
class Box:
    """A filled rectangle with a thin edge.

    Attributes:
        left_in: Left edge.
        top_in: Upper edge.
        width_in: Width.
        height_in: Height.
        colour: Fill colour.
        edge: Edge colour.
    """

    left_in: float
    top_in: float
    width_in: float
    height_in: float
    colour: str
    edge: str


@dataclass(frozen=True)
class Stroke:
    """Horizontal and vertical lines, each from the end of the one before.

    Attributes:
        points_in: The ends (right, down).
        width_points: Width of the line.
        colour: Colour of the line.
    """

    points_in: tuple[tuple[float, float], ...]
    width_points: float
    colour: str


@dataclass(frozen=True)
class Outline:
    """The dashed outline of a missing chromosome, a rectangle with round corners.

    Attributes:
        left_in: Left edge.
        top_in: Upper edge.
        width_in: Width.
        height_in: Height.
        radius_in: Size of the corners.
        colour: Colour of the dashes.
    """

    left_in: float
    top_in: float
    width_in: float
    height_in: float
    radius_in: float
    colour: str


@dataclass(frozen=True)
class Marker:
    """The numbered disc above a flagged chromosome.

    Attributes:
        number: The number.
        middle_in: Middle of the disc (right, down).
        radius_in: Radius of the disc.
        colour: Fill colour.
        edge: Edge colour.
    """

    number: Writing
    middle_in: tuple[float, float]
    radius_in: float
    colour: str
    edge: str


@dataclass(frozen=True)
class PlacedPicture:
    """The picture of a chromosome.

    Attributes:
        picture: The picture.
        index: Position of the chromosome in its cell.
        left_in: Left edge, with the black border of the picture.
        top_in: Upper edge.
        width_in: Width.
        height_in: Height.
    """

    picture: Picture
    index: int
    left_in: float
    top_in: float
    width_in: float
    height_in: float


@dataclass(frozen=True)
class PlacedIdeogram:
    """The ideogram of a class.

    Attributes:
        label: Class, an index in `CLASS_NAMES`.
        middle_in: Middle of its centromere (right, down).
        length_in: Length.
        width_in: Width.
    """

    label: int
    middle_in: tuple[float, float]
    length_in: float
    width_in: float


Item = Writing | Box | Stroke | Outline | Marker | PlacedPicture | PlacedIdeogram


@dataclass(frozen=True)
class ChromosomeBox:
    """Where a chromosome is on the page.

    Attributes:
        name: Name of its image.
        class_name: Class, such as `21`.
        homologue: Position among its homologues, 0 for the first.
        row: Row of the page, 0 for the first.
        turned: Whether the p arm is down in the original image.
        left_in: Left edge of the chromosome.
        top_in: Upper edge.
        right_in: Right edge.
        bottom_in: Lower edge.
    """

    name: str
    class_name: str
    homologue: int
    row: int
    turned: bool
    left_in: float
    top_in: float
    right_in: float
    bottom_in: float


@dataclass(frozen=True)
class Karyogram:
    """The karyogram of a cell, laid out on its page.

    Attributes:
        width_in: Width of the page.
        height_in: Height of the page.
        background: A key of `PALETTES`.
        white: Grey level of the darkest ink, see `white_level`.
        in_per_px: Inches on the page per pixel of an image.
        items: What is on the page; later ones cover earlier ones.
        boxes: Where each chromosome is, in the order of the page.
    """

    width_in: float
    height_in: float
    background: str
    white: float
    in_per_px: float
    items: tuple[Item, ...]
    boxes: tuple[ChromosomeBox, ...]

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height of the page at `DOTS_PER_INCH`."""
        return int(self.width_in * DOTS_PER_INCH), int(self.height_in * DOTS_PER_INCH)


def write(
    text: str,
    middle_in: tuple[float, float],
    *,
    size_points: float,
    colour: str,
    bold: bool = False,
    italic: bool = False,
    left: bool = False,
) -> Writing:
    """Return one line of text, centred vertically.

    Args:
        text: Text without line breaks.
        middle_in: Middle of the text and of its ascenders (right, down).
        size_points: Font size.
        colour: Colour of the text.
        bold: Whether the font is bold.
        italic: Whether the font is italic.
        left: Whether the text begins at `middle_in` instead.
    """
    right_in, down_in = middle_in
    width_in = text_width_in(text, size_points=size_points, bold=bold, italic=italic)
    return Writing(
        text,
        left_in=right_in if left else right_in - width_in / 2,
        baseline_in=down_in + ASCENT / 2 * size_points / POINTS_PER_INCH,
        size_points=size_points,
        colour=colour,
        bold=bold,
        italic=italic,
    )


def mark(
    number: int, middle_in: tuple[float, float], *, size_points: float, colour: str, edge: str
) -> Marker:
    """Return the marker of a flagged chromosome, just large enough for its number.

    Args:
        number: Number of the flags.
        middle_in: Middle of the number (right, down).
        size_points: Font size.
        colour: Fill colour.
        edge: Edge colour.
    """
    writing = write(str(number), middle_in, size_points=size_points, colour="white", bold=True)
    size_in = size_points / POINTS_PER_INCH
    half_in = (middle_in[0] - writing.left_in, (ASCENT + DESCENT) * size_in / 2)
    radius_in = (half_in[0] ** 2 + half_in[1] ** 2) ** 0.5 + _MARKER_PADDING * size_in
    return Marker(writing, middle_in, radius_in, colour=colour, edge=edge)
