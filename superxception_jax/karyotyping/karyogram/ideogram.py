"""The ideogram of a chromosome as polygons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.bands import (
    Band,
    centromere_units,
    chromosome_length_units,
    load_bands,
)
from superxception_jax.karyotyping.karyogram.centromere import BAND_LEVEL

# Widths of the centromere and of a stalk relative to the arms.
_WAIST = 0.35
_STALK = 0.45
# Heterochromatin of variable length; drawn hatched by convention, whatever its staining.
VARIABLE = ("gvar",)
_ACEN_DENSITY = 0.35
_VARIABLE_DENSITY = 0.25
_LEAST_PLACES = 3


@dataclass(frozen=True)
class BandShape:
    """One band of an ideogram.

    Attributes:
        outline: f64[K,2], corners (right, down) in inches from the centromere.
        density: Staining, from 0 (unstained) to 1 (darkest in G-banding, brightest in Q-banding).
        hatched: Whether the band is a variable region.
    """

    outline: np.ndarray
    density: float
    hatched: bool


def ideogram_shapes(
    label: int, *, length_in: float, width_in: float
) -> tuple[np.ndarray, tuple[BandShape, ...]]:
    """Return the outline and the bands of an ideogram at 400 bands per haploid set.

    Stalks and the centromere are narrow and the tips are round, as in printed ideograms.

    Args:
        label: Class, an index in `CLASS_NAMES`.
        length_in: Length of the chromosome in inches.
        width_in: Width of the arms in inches.

    Returns:
        The outline f64[K,2], corners (right, down) in inches from the centromere, and the bands
        from pter to qter.
    """
    bands = load_bands(BAND_LEVEL)[CLASS_NAMES[label]]
    scale = length_in / chromosome_length_units(bands)
    centromere = centromere_units(bands)
    shapes = []
    for band in bands:
        start, stop = ((end - centromere) * scale for end in (band.start_units, band.stop_units))
        outline = _outline(bands, start, stop, scale=scale, width_in=width_in)
        shapes.append(
            BandShape(outline=outline, density=_density(band), hatched=band.stain in VARIABLE)
        )
    start, stop = -centromere * scale, (bands[-1].stop_units - centromere) * scale
    return _outline(bands, start, stop, scale=scale, width_in=width_in), tuple(shapes)


def expected_arms_in(label: int, *, length_in: float) -> tuple[float, float]:
    """Return the lengths of the arms of a class by its ideogram.

    Args:
        label: Class, an index in `CLASS_NAMES`.
        length_in: Length of the chromosome in inches.

    Returns:
        Lengths of the p arm and of the q arm in inches.
    """
    bands = load_bands(BAND_LEVEL)[CLASS_NAMES[label]]
    p_arm = length_in * centromere_units(bands) / chromosome_length_units(bands)
    return p_arm, length_in - p_arm


def _density(band: Band) -> float:
    """Return the density with which a band is drawn, 0..1."""
    if band.stain == "acen":
        return _ACEN_DENSITY
    if band.stain in VARIABLE:
        return _VARIABLE_DENSITY
    return band.density / 100


def _outline(
    bands: tuple[Band, ...], start: float, stop: float, *, scale: float, width_in: float
) -> np.ndarray:
    """Return the closed outline f64[K,2] of a segment of an ideogram, in inches."""
    # Extra points on both sides of every band border, where the width may jump.
    centromere = centromere_units(bands)
    borders = [(band.start_units - centromere) * scale for band in bands]
    places = np.linspace(start, stop, max(_LEAST_PLACES, int((stop - start) / 0.004)))
    edges = [border + side for border in borders for side in (-1e-6, 1e-6)]
    places = np.unique(np.concatenate([places, [edge for edge in edges if start < edge < stop]]))
    half = _half_width(bands, places, scale=scale, width_in=width_in)
    right = np.stack([half, places], axis=-1)
    return np.concatenate([right, right[::-1] * [-1.0, 1.0]])


def _half_width(
    bands: tuple[Band, ...], places: np.ndarray, *, scale: float, width_in: float
) -> np.ndarray:
    """Return half the width, f64[S] in inches, at given distances from the centromere."""
    centromere = centromere_units(bands)
    starts = np.array([(band.start_units - centromere) * scale for band in bands])
    stop = (bands[-1].stop_units - centromere) * scale
    index = np.clip(np.searchsorted(starts, places, side="right") - 1, 0, len(bands) - 1)
    stalk = np.array([band.stain == "stalk" for band in bands])
    half = np.where(stalk[index], _STALK, 1.0) * width_in / 2
    acen = [
        abs(end - centromere) * scale
        for band in bands
        if band.stain == "acen"
        for end in (band.start_units, band.stop_units)
    ]
    # A constriction shorter than a third of the width would look like a notch.
    reach = max(*acen, width_in / 3)
    waist = _WAIST + (1 - _WAIST) * np.clip(np.abs(places) / reach, 0.0, 1.0)
    radius = width_in / 2
    to_tip = np.clip(np.minimum(places - starts[0], stop - places) / radius, 0.0, 1.0)
    return np.minimum(half, np.minimum(waist, np.sqrt(to_tip * (2 - to_tip))) * width_in / 2)
