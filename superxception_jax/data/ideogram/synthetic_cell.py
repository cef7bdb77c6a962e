"""Synthetic cells: every chromosome of a karyotype, drawn under the same imaging conditions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.bands import load_bands
from superxception_jax.data.ideogram.chromosome_image import PLACES_PER_PX, Optics, draw_chromosome
from superxception_jax.data.ideogram.constitution import Karyotype, chromosome_names, draw_karyotype
from superxception_jax.data.ideogram.profile import draw_profile
from superxception_jax.data.ideogram.styles import Style, style_named

CELL_BAND_LEVELS = (400, 550)
_LENGTH_LOG_SD = 0.04
_BACKGROUND_GREY = (0.8, 2.4)
_BLUR_LIMITS_PX = (0.65, 1.5)


@dataclass(frozen=True)
class DrawnChromosome:
    """One chromosome of a synthetic cell.

    Attributes:
        image: u8[H,W], image of the chromosome.
        label: Index in `CLASS_NAMES`.
        name: Class and copy, such as "21c".
    """

    image: np.ndarray
    label: int
    name: str


@dataclass(frozen=True)
class DrawnCell:
    """A synthetic cell.

    Attributes:
        karyotype: Chromosomes of the cell.
        chromosomes: Drawn chromosomes in class order.
    """

    karyotype: Karyotype
    chromosomes: tuple[DrawnChromosome, ...]


def _draw_optics(generator: np.random.Generator, *, style: Style) -> Optics:
    """Draw the imaging conditions that all chromosomes of a cell share."""
    scale = np.exp(generator.normal(0.0, style.px_per_unit_log_sd))
    # Magnification makes chromosomes longer and wider, contraction shorter and wider; together
    # they leave a weak dependence of the width on the scale.
    width = np.sqrt(scale) * np.exp(generator.normal(0.0, style.width_log_sd))
    mean_blur, blur_sd = style.blur_px
    low, high = _BLUR_LIMITS_PX
    blur_px = np.clip(generator.normal(mean_blur, blur_sd), low * mean_blur, high * mean_blur)
    background = generator.uniform(*_BACKGROUND_GREY)
    is_emptied = generator.random() >= style.background_share
    return Optics(
        px_per_unit=float(style.px_per_unit_median * scale),
        width_px=float(style.width_px_median * width),
        groove=float(generator.uniform(*style.groove)),
        blur_px=float(blur_px),
        brightness=float(
            style.brightness_median * np.exp(generator.normal(0.0, style.brightness_log_sd))
        ),
        background=0.0 if is_emptied else float(background),
    )


def draw_chromosomes(
    generator: np.random.Generator, *, karyotype: Karyotype, style: str
) -> DrawnCell:
    """Draw a cell of a given karyotype.

    Scale, width, blur, brightness and band level are those of the cell, because contraction and
    preparation are the same for all of its chromosomes.

    Args:
        generator: Random generator; it is advanced.
        karyotype: Chromosomes of the cell.
        style: "q" (bright bands on black) or "g" (dark bands on white).

    Returns:
        The cell.

    Raises:
        ValueError: There is no such style.
    """
    statistics = style_named(style)
    optics = _draw_optics(generator, style=statistics)
    tables = load_bands(int(generator.choice(CELL_BAND_LEVELS)))
    chromosomes = []
    for label, name in zip(karyotype.labels, chromosome_names(karyotype), strict=True):
        jitter = np.exp(generator.normal(0.0, _LENGTH_LOG_SD))
        profile = draw_profile(
            generator,
            tables[CLASS_NAMES[label]],
            style=statistics,
            places_per_unit=float(jitter * optics.px_per_unit * PLACES_PER_PX),
        )
        image = draw_chromosome(generator, profile, optics=optics, style=statistics)
        chromosomes.append(DrawnChromosome(image=image, label=label, name=name))
    return DrawnCell(karyotype=karyotype, chromosomes=tuple(chromosomes))


def draw_cell(generator: np.random.Generator, *, style: str, aneuploid_share: float) -> DrawnCell:
    """Draw a cell: its karyotype, then its chromosomes.

    Args:
        generator: Random generator; it is advanced.
        style: "q" (bright bands on black) or "g" (dark bands on white).
        aneuploid_share: Probability of an aneuploidy, 0..1.

    Returns:
        The cell.

    Raises:
        ValueError: There is no such style, or the share is no probability.
    """
    karyotype = draw_karyotype(generator, aneuploid_share=aneuploid_share)
    return draw_chromosomes(generator, karyotype=karyotype, style=style)
