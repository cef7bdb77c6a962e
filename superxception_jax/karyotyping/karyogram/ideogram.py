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


@dataclass(frozen=True)
class BandExtent:
    """Where one band of an ideogram is, and how it is drawn.

    Attributes:
        start_in: Its end towards pter, in inches below the centromere.
        stop_in: Its other end.
        density: Staining, see `BandShape`.
        hatched: Whether the band is a variable region.
    """

    start_in: float
    stop_in: float
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
    extents = band_extents(label, length_in=length_in)
    shapes = tuple(
        BandShape(
            outline=_outline(bands, one.start_in, one.stop_in, scale=scale, width_in=width_in),
            density=one.density,
            hatched=one.hatched,
        )
        for one in extents
    )
    start, stop = extents[0].start_in, extents[-1].stop_in
    return _outline(bands, start, stop, scale=scale, width_in=width_in), shapes


def half_widths_in(
    label: int, places_in: np.ndarray, *, length_in: float, width_in: float
) -> np.ndarray:
    """Return half the width of an ideogram along it, see `ideogram_shapes`.

    Args:
        label: Class, an index in `CLASS_NAMES`.
        places_in: f64[S], distances below the centromere in inches.
        length_in: Length of the chromosome in inches.
        width_in: Width of the arms in inches.

    Returns:
        f64[S] in inches; -infinity beyond both ends.
    """
    bands = load_bands(BAND_LEVEL)[CLASS_NAMES[label]]
    scale = length_in / chromosome_length_units(bands)
    half = _half_width(bands, places_in, scale=scale, width_in=width_in)
    above_in, below_in = expected_arms_in(label, length_in=length_in)
    return np.where((places_in < -above_in) | (places_in > below_in), -np.inf, half)


def band_extents(label: int, *, length_in: float) -> tuple[BandExtent, ...]:
    """Return where the bands of an ideogram are.

    Args:
        label: Class, an index in `CLASS_NAMES`.
        length_in: Length of the chromosome in inches.

    Returns:
        The bands from pter to qter.
    """
    bands = load_bands(BAND_LEVEL)[CLASS_NAMES[label]]
    scale = length_in / chromosome_length_units(bands)
    centromere = centromere_units(bands)
    return tuple(
        BandExtent(
            start_in=(band.start_units - centromere) * scale,
            stop_in=(band.stop_units - centromere) * scale,
            density=_density(band),
            hatched=band.stain in VARIABLE,
        )
        for band in bands
    )


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
