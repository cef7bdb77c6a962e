"""The ideogram of one class as polygons."""

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

_WAIST = 0.35
_STALK = 0.45
# Variable regions have no darkness of their own: laboratories hatch them.
VARIABLE = ("gvar",)
_ACEN_DENSITY = 0.35
_VARIABLE_DENSITY = 0.25
_LEAST_PLACES = 3


@dataclass(frozen=True)
class BandShape:
    """One band of an ideogram.

    Attributes:
        outline: f64[K,2], corners (right, down) in inches; the centromere is at (0, 0).
        density: 0 unstained, 1 darkest in G, brightest in Q.
        hatched: whether it is a variable region.
    """

    outline: np.ndarray
    density: float
    hatched: bool


def ideogram_shapes(
    label: int, *, length_in: float, width_in: float
) -> tuple[np.ndarray, tuple[BandShape, ...]]:
    """Draw the ideogram of a class at 400 bands.

    Args:
        label: class, index in `CLASS_NAMES`.
        length_in: length of the whole chromosome in inches.
        width_in: width of the arms in inches.

    Returns:
        The outline f64[K,2], corners (right, down) in inches with the centromere at (0, 0), and
        the bands from p to q. Stalks and the centromere are narrow, tips are round.

    **Source:** the band tables, see `load_bands`; the shape is that of printed ideograms.
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
    """Return the lengths of the arms of a class.

    Args:
        label: class, index in `CLASS_NAMES`.
        length_in: of the whole chromosome, in any unit.

    Returns:
        Length of p and of q in the same unit.

    **Source:** the band tables, see `load_bands`.
    """
    bands = load_bands(BAND_LEVEL)[CLASS_NAMES[label]]
    p_arm = length_in * centromere_units(bands) / chromosome_length_units(bands)
    return p_arm, length_in - p_arm


def _density(band: Band) -> float:
    """Return how dark G staining leaves a band, 0..1."""
    if band.stain == "acen":
        return _ACEN_DENSITY
    if band.stain in VARIABLE:
        return _VARIABLE_DENSITY
    return band.density / 100


def _outline(
    bands: tuple[Band, ...], start: float, stop: float, *, scale: float, width_in: float
) -> np.ndarray:
    """Return the closed outline f64[K,2] of a stretch of an ideogram, in inches."""
    # Places beside every border of bands, where the width may jump.
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
    """Return half of the width f64[S] at distances from the centromere, in inches."""
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
    # Below a third of the width, a waist would look like a notch.
    reach = max(*acen, width_in / 3)
    waist = _WAIST + (1 - _WAIST) * np.clip(np.abs(places) / reach, 0.0, 1.0)
    radius = width_in / 2
    to_tip = np.clip(np.minimum(places - starts[0], stop - places) / radius, 0.0, 1.0)
    return np.minimum(half, np.minimum(waist, np.sqrt(to_tip * (2 - to_tip))) * width_in / 2)
