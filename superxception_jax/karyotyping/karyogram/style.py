"""Colours and sizes of a karyogram."""

from __future__ import annotations

from dataclasses import dataclass

# From sure to unsure; the blue and the vermilion of Okabe and Ito at the ends stay apart for
# every kind of colour blindness, and the steps between differ in brightness too.
CONFIDENCES: tuple[tuple[float, str, str], ...] = (
    (0.99, "#0072B2", "≥ 99 %"),
    (0.95, "#56B4E9", "95–99 %"),
    (0.80, "#F0E442", "80–95 %"),
    (0.50, "#E69F00", "50–80 %"),
    (0.00, "#D55E00", "< 50 %"),
)


def confidence_colour(confidence: float) -> str:
    """Return the colour of a confidence.

    Args:
        confidence: 0..1.

    Returns:
        A colour of `CONFIDENCES`.

    Raises:
        ValueError: it is no probability.

    **Source:** ours in its steps; colours of Okabe and Ito (2008).

    >>> confidence_colour(0.97)
    '#56B4E9'
    """
    for least, colour, _ in CONFIDENCES:
        if least <= confidence <= 1.0 + 1e-9:
            return colour
    raise ValueError(
        f"`confidence` must be in 0..1, got {confidence}; give the probability of the class."
    )


@dataclass(frozen=True)
class Palette:
    """The colours of a page.

    Attributes:
        page: behind everything.
        ink: text and outlines.
        pale: secondary text.
        line: the line of the centromeres and empty places.
        sign: fill of the signs of flags, with white numbers.
    """

    page: str
    ink: str
    pale: str
    line: str
    sign: str

    def band(self, density: float) -> str:
        """Return the colour of a band: dark in print, bright on black.

        Args:
            density: 0 unstained, 1 fully stained.

        Returns:
            A grey as matplotlib writes it, between page and ink.
        """
        return str(1.0 - 0.9 * density if self.page == "white" else 0.05 + 0.85 * density)


PALETTES = {
    "print": Palette(page="white", ink="black", pale="0.35", line="0.72", sign="#D55E00"),
    "original": Palette(page="black", ink="white", pale="0.7", line="0.42", sign="#D55E00"),
}
