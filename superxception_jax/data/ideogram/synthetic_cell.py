"""Draw a whole cell: every chromosome of its karyotype under the same microscope."""

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
        image: u8[H,W].
        label: index in `CLASS_NAMES`.
        name: class and copy, such as "21c".
    """

    image: np.ndarray
    label: int
    name: str


@dataclass(frozen=True)
class DrawnCell:
    """A synthetic cell.

    Attributes:
        karyotype: what it has.
        band_level: of the tables it was drawn from.
        chromosomes: in class order.
    """

    karyotype: Karyotype
    band_level: int
    chromosomes: tuple[DrawnChromosome, ...]


def _draw_optics(generator: np.random.Generator, *, style: Style) -> Optics:
    """Draw what all chromosomes of a cell share."""
    scale = np.exp(generator.normal(0.0, style.px_per_unit_log_sd))
    # Magnification widens a chromosome as it lengthens it, contraction shortens and widens it;
    # their balance is a weak dependence.
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

    Args:
        generator: source of randomness; it moves on.
        karyotype: what the cell has.
        style: "q" (bright bands on black) or "g" (dark bands on white).

    Returns:
        The cell.

    Raises:
        ValueError: there is no such style.

    **Source:** ours; scale, width, blur and brightness belong to the cell, band level too,
    because contraction and preparation are the same for all of its chromosomes.
    """
    statistics = style_named(style)
    optics = _draw_optics(generator, style=statistics)
    band_level = int(generator.choice(CELL_BAND_LEVELS))
    tables = load_bands(band_level)
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
    return DrawnCell(karyotype=karyotype, band_level=band_level, chromosomes=tuple(chromosomes))


def draw_cell(generator: np.random.Generator, *, style: str, aneuploid_share: float) -> DrawnCell:
    """Draw a cell: its karyotype, then its chromosomes.

    Args:
        generator: source of randomness; it moves on.
        style: "q" (bright bands on black) or "g" (dark bands on white).
        aneuploid_share: probability of an aneuploidy, 0..1.

    Returns:
        The cell.

    Raises:
        ValueError: there is no such style, or the share is no probability.

    **Source:** ours, because the class of every chromosome and the karyotype of every cell
    are then known without a laboratory.
    """
    karyotype = draw_karyotype(generator, aneuploid_share=aneuploid_share)
    return draw_chromosomes(generator, karyotype=karyotype, style=style)
