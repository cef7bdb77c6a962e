"""Settings by which chromosome images become network inputs."""

from __future__ import annotations

import numbers
from dataclasses import dataclass

import numpy as np

from superxception_jax.data.normalization.cell_scale import REFERENCES
from superxception_jax.data.options import BACKGROUNDS

TILTS = ("keep", "remove")
STRAIGHTENINGS = ("none", "medial_axis")
LENGTHS = ("cell", "absolute", "none")
GREYS = ("keep", "cell")


@dataclass(frozen=True)
class NormalizationSettings:
    """Settings by which chromosome images become network inputs.

    Attributes:
        background: "dark" (Q-band), "light" (G-band, inverted) or "auto".
        tilt: "remove" turns the main axis to the vertical by the smallest angle; "keep" doesn't.
        straightening: "medial_axis" straightens along the medial axis; "none" doesn't.
        length: "cell" scales relative to the longest chromosome of the cell, "absolute" by one
            factor for all cells, "none" stretches each bounding box to the canvas.
        length_reference: What a relative length refers to: "longest", the longest chromosome that
            is there; "lengths", chromosome 1 as the lengths of all chromosomes of the cell tell
            it, see `estimate_reference_px`.
        length_exponent: Exponent of the relative length with `length` "cell", 0..1: 1 is one
            scale for the whole cell (the paper), 0 lets every chromosome fill the canvas.
        absolute_length_px: Length that fills the canvas with `length` "absolute".
        grey: "cell" scales the grey values of a cell to the mean `CELL_MEAN_GREY`, so that only
            the brightness relative to the cell counts; "keep" doesn't.
        image_px: Side of the square canvas, at least 8.

    Raises:
        ValueError: A value is unknown or out of its range; all problems are listed.

    Source: Sharma et al. (CVPRW 2017) for length relative to the cell.
    """

    background: str
    tilt: str
    straightening: str
    length: str
    length_reference: str
    length_exponent: float
    absolute_length_px: float
    grey: str
    image_px: int

    def __post_init__(self) -> None:
        problems = [
            f"`{name}` must be one of {allowed}, got {getattr(self, name)!r}; choose one."
            for name, allowed in (
                ("background", BACKGROUNDS),
                ("tilt", TILTS),
                ("straightening", STRAIGHTENINGS),
                ("length", LENGTHS),
                ("length_reference", REFERENCES),
                ("grey", GREYS),
            )
            if getattr(self, name) not in allowed
        ]
        if self.straightening == "medial_axis" and self.tilt == "keep":
            problems.append(
                '`tilt` must be "remove" with straightening "medial_axis", got "keep"; '
                "a straightened chromosome is upright."
            )
        if not (_is_number(self.length_exponent) and 0 <= self.length_exponent <= 1):
            problems.append(
                f"`length_exponent` must be a number in [0, 1], got {self.length_exponent!r}; "
                "1 keeps one scale per cell."
            )
        if not (_is_number(self.absolute_length_px) and self.absolute_length_px > 0):
            problems.append(
                f"`absolute_length_px` must be a number above 0, got {self.absolute_length_px!r}; "
                "give the length that fills the canvas."
            )
        if not (isinstance(self.image_px, numbers.Integral) and self.image_px >= 8):
            problems.append(
                f"`image_px` must be an integer of at least 8, got {self.image_px!r}; enlarge it."
            )
        if problems:
            raise ValueError("\n".join(problems))


def _is_number(value: object) -> bool:
    """Return whether a value is a finite real number."""
    return isinstance(value, numbers.Real) and bool(np.isfinite(float(value)))
