"""Stain and width along a synthetic chromosome, drawn from its bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from superxception_jax.data.bands import Band
from superxception_jax.data.ideogram.styles import Style

ACROCENTRIC = ("13", "14", "15", "21", "22")
_SATELLITE_STAIN = ((0.5, 0.05, 0.4), (0.35, 0.4, 1.0), (0.15, 1.0, 1.8))
_STALK_STAIN = (0.0, 0.1)
_LENGTH_LOG_SD = {"gvar": 0.15, "stalk": 0.25}
_STAIN_SD = 0.07
_REGION_UNITS = 600.0
_FEWEST_PLACES = 8


@dataclass(frozen=True)
class Profile:
    """Stain and width of one chromosome at evenly spaced places from pter to qter.

    Attributes:
        stain: f64[S], 0 for unstained, 1 for a fully stained band; polymorphic regions reach 1.8.
        width: f64[S], width relative to a euchromatic region.
        centromere: Position of the centromere as a share of the length, 0..1.
    """

    stain: np.ndarray
    width: np.ndarray
    centromere: float


def _uniform(generator: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(generator.uniform(*limits))


def _satellite_stain(generator: np.random.Generator) -> float:
    """Draw the stain of a satellite: mostly dull, sometimes the brightest spot of the cell."""
    place = generator.random()
    for share, low, high in _SATELLITE_STAIN:
        if place < share:
            return _uniform(generator, (low, high))
        place -= share
    return 0.0


def _centromere_stain(chromosome: str, *, style: Style, generator: np.random.Generator) -> float:
    """Draw the stain around the centromere of one homologue."""
    variable = {name: limits for name, *limits in style.variable_centromeres}
    low, high = variable.get(chromosome, style.centromere_stain)
    return _uniform(generator, (low, high))


def _band_stain(
    band: Band, *, centromere_stain: float, style: Style, generator: np.random.Generator
) -> float:
    """Draw the stain of one band of one homologue."""
    if band.stain in ("gpos", "gneg"):
        return max(0.0, band.density / 100 + generator.normal(0.0, _STAIN_SD))
    if band.stain == "stalk":
        return _uniform(generator, _STALK_STAIN)
    # 3q11.2 belongs to the variable centromere of 3.
    if band.stain == "acen" or band.chromosome == "3":
        return centromere_stain
    if band.chromosome == "Y":
        return _uniform(generator, style.y_heterochromatin_stain)
    if band.chromosome in ACROCENTRIC:
        return _satellite_stain(generator)
    return _uniform(generator, style.heterochromatin_stain)


def _band_width(band: Band) -> float:
    """Return the relative width of a band: below 1 at stalks and heterochromatin."""
    if band.stain == "stalk":
        return 0.5
    if band.chromosome in ACROCENTRIC and band.arm == "p":
        return 0.72
    if band.stain == "gvar" and band.chromosome in ("1", "9", "16"):
        return 0.85
    return 1.0


def draw_profile(
    generator: np.random.Generator,
    bands: tuple[Band, ...],
    *,
    style: Style,
    places_per_unit: float,
) -> Profile:
    """Draw the stain and width along one homologue.

    Homologues differ where real ones do: in the centromeres of 3 and 4, the satellites of the
    acrocentric chromosomes, the length of heterochromatin, and a little in every band.

    Args:
        generator: Random generator; it is advanced.
        bands: All bands of the chromosome, from pter to qter.
        style: Statistics of the staining.
        places_per_unit: Places along the axis per ISCN unit, above 0.

    Returns:
        The profile, with at least 8 places.

    Raises:
        ValueError: `places_per_unit` isn't positive.

    Source: ISCN, heteromorphisms after Q staining.
    """
    if not places_per_unit > 0:
        raise ValueError(
            f"`places_per_unit` must be above 0, got {places_per_unit}; derive it from the scale."
        )
    centromere_stain = _centromere_stain(bands[0].chromosome, style=style, generator=generator)
    stains = np.array(
        [
            _band_stain(band, centromere_stain=centromere_stain, style=style, generator=generator)
            for band in bands
        ]
    )
    # One draw per kind and homologue: both satellites of a chromosome have the same length.
    factors = {
        stain: float(np.exp(generator.normal(0.0, log_sd)))
        for stain, log_sd in _LENGTH_LOG_SD.items()
    }
    lengths = np.array([band.length_units * factors.get(band.stain, 1.0) for band in bands])
    widths = np.array([_band_width(band) for band in bands])
    ends = np.cumsum(lengths)
    length_units = float(ends[-1])
    places = max(_FEWEST_PLACES, round(length_units * places_per_unit))
    index = np.searchsorted(ends, (np.arange(places) + 0.5) / places * length_units, side="right")
    on_p_arm = np.array([band.arm == "p" for band in bands])
    stain = stains[index]
    # Bright bands are in bright regions: real profiles are smoother than ideograms.
    region = ndimage.gaussian_filter1d(stain, _REGION_UNITS * places_per_unit, mode="nearest")
    return Profile(
        stain=style.regional_share * region + (1.0 - style.regional_share) * stain,
        width=widths[index],
        centromere=float(lengths[on_p_arm].sum() / length_units),
    )
