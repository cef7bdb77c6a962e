"""Colours of a karyogram: confidence classes and page palettes."""

from __future__ import annotations

from dataclasses import dataclass

from superxception_jax.karyotyping.report.review_order import DOUBTFUL_CONFIDENCE, SURE_CONFIDENCE

_SURE, _DOUBTFUL = (f"{100 * limit:g}" for limit in (SURE_CONFIDENCE, DOUBTFUL_CONFIDENCE))

# Lower limit, colour and legend of each class, most confident first: those of the report page. The
# blue, orange and vermilion of Okabe and Ito (2008) can be distinguished with every kind of colour
# blindness.
CONFIDENCES: tuple[tuple[float, str, str], ...] = (
    (SURE_CONFIDENCE, "#0072B2", f"≥ {_SURE} %"),
    (DOUBTFUL_CONFIDENCE, "#E69F00", f"{_DOUBTFUL}–{_SURE} %"),
    (0.0, "#D55E00", f"< {_DOUBTFUL} %"),
)


def confidence_colour(confidence: float) -> str:
    """Return the colour in which a confidence is drawn.

    Args:
        confidence: Probability of the assigned class, 0..1.

    Returns:
        A colour of `CONFIDENCES`, such as `#E69F00`.

    Raises:
        ValueError: The confidence is not a probability.

    Source: Okabe and Ito (2008) for the colours.

    >>> confidence_colour(0.97)
    '#E69F00'
    """
    for least, colour, _ in CONFIDENCES:
        if least <= confidence <= 1.0 + 1e-9:
            return colour
    raise ValueError(
        f"`confidence` must be in 0..1, got {confidence}; pass the probability of the class."
    )


@dataclass(frozen=True)
class Palette:
    """The colours of a page.

    Attributes:
        page: Background of the page.
        ink: Text and outlines.
        pale: Secondary text and the outlines of missing chromosomes.
        line: The line through the centromeres of a row.
        marker: Fill of the flag markers, whose numbers are white.
    """

    page: str
    ink: str
    pale: str
    line: str
    marker: str

    def band(self, density: float) -> str:
        """Return the colour of an ideogram band: dark on a white page, bright on a black one.

        Args:
            density: Staining, from 0 (unstained) to 1 (fully stained).

        Returns:
            A grey level between page and ink, in matplotlib's notation.
        """
        return str(1.0 - 0.9 * density if self.page == "white" else 0.05 + 0.85 * density)


# By background: dark on white as in print, or bright on black as the chromosomes are stored.
PALETTES = {
    "print": Palette(page="white", ink="black", pale="0.35", line="0.72", marker="#D55E00"),
    "original": Palette(page="black", ink="white", pale="0.7", line="0.42", marker="#D55E00"),
}


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of a colour, 0..255.

    Args:
        colour: Colour of a palette or of `CONFIDENCES`.

    >>> rgb("#D55E00"), rgb("0.2")
    ((213, 94, 0), (51, 51, 51))
    """
    if colour.startswith("#"):
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    shade = {"black": 0.0, "white": 1.0}.get(colour)
    level = round(255 * (float(colour) if shade is None else shade))
    return level, level, level
