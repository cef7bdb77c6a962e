"""Synthetic karyotypes: chromosomes upright, bright on black, with known classes."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.bands import Band, centromere_units, load_bands
from superxception_jax.data.ideogram.chromosome_image import PLACES_PER_PX, Optics, draw_chromosome
from superxception_jax.data.ideogram.profile import draw_profile
from superxception_jax.data.ideogram.styles import style_named
from superxception_jax.data.normalization.background import CellBackground
from superxception_jax.data.normalization.canvas_place import MARGIN
from superxception_jax.data.normalization.measure import measure_cell
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import draw_canvas
from superxception_jax.karyotyping.iscn import draft_iscn
from superxception_jax.karyotyping.karyogram.centromere import trace_axis
from superxception_jax.karyotyping.karyotype import (
    ClassifiedChromosome,
    Karyotype,
)
from superxception_jax.karyotyping.stain import StainVerdict
from tests.karyotyping.formulas import parse_iscn

BANDS = 550
# Of the length of the p arm: the p arm's share of the whole then varies by up to 0.025, as in the
# centromeric indices of the Paris Conference (1971), 0.012 to 0.03.
P_ARM_LOG_SD = 0.1


def upright(image: np.ndarray) -> tuple[np.ndarray, float]:
    """Cut a chromosome out, turn it upright at its own scale, and measure it."""
    (measured,) = measure_cell([image], names=["image"], background="auto")
    canvas_px = math.ceil(1.2 * max(measured.length_px, math.hypot(*image.shape))) + 8
    settings = NormalizationSettings(
        background="auto",
        tilt="remove",
        straightening="none",
        length="absolute",
        length_reference="longest",
        length_exponent=1.0,
        absolute_length_px=canvas_px * (1 - 2 * MARGIN),
        grey="keep",
        image_px=canvas_px,
    )
    canvas = draw_canvas(measured, longest_px=measured.length_px, gain=1.0, settings=settings)
    rows, columns = np.nonzero(canvas)
    cut = canvas[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return cut, measured.length_px


def stretch_p_arm(bands: tuple[Band, ...], factor: float) -> tuple[Band, ...]:
    """Move the centromere by making the p arm longer or shorter."""
    centromere = centromere_units(bands)

    def place(units: int) -> int:
        return round(min(units, centromere) * factor + max(units - centromere, 0))

    return tuple(
        dataclasses.replace(
            band, start_units=place(band.start_units), stop_units=place(band.stop_units)
        )
        for band in bands
    )


@functools.cache
def drawn(
    label: int, *, style: str, seed: int, scale: float = 1.0
) -> tuple[ClassifiedChromosome, float]:
    """Return a synthetic chromosome, correctly classified, and its true centromere, 0..1."""
    generator = np.random.default_rng([seed, label])
    statistics = style_named(style)
    optics = Optics(
        px_per_unit=statistics.px_per_unit_median * scale,
        width_px=statistics.width_px_median * math.sqrt(scale),
        groove=0.95,
        blur_px=statistics.blur_px[0],
        brightness=statistics.brightness_median,
        background=0.0,
    )
    stretched = stretch_p_arm(
        load_bands(BANDS)[CLASS_NAMES[label]], math.exp(generator.normal(0.0, P_ARM_LOG_SD))
    )
    profile = draw_profile(
        generator,
        stretched,
        style=statistics,
        places_per_unit=optics.px_per_unit * PLACES_PER_PX * math.exp(generator.normal(0.0, 0.04)),
    )
    image = draw_chromosome(generator, profile, optics=optics, style=statistics)
    cut, length_px = upright(image)
    sure = float(generator.choice([0.999, 0.97, 0.9, 0.7], p=[0.7, 0.15, 0.1, 0.05]))
    probabilities = np.full(len(CLASS_NAMES), (1 - sure) / (len(CLASS_NAMES) - 1))
    probabilities[label] = sure
    one = ClassifiedChromosome(
        name=f"{CLASS_NAMES[label]} of seed {seed}",
        image=cut,
        label=label,
        probabilities=probabilities,
        marginals=probabilities,
        turned=False,
        turned_probability=0.01,
        length_px=length_px,
        flags=(),
    )
    return one, profile.centromere


def cell(text: str, *, style: str = "g", seed: int = 0, scale: float = 1.0, **changes) -> Karyotype:
    """Return a cell of the karyotype `text`, or with the chromosomes given in `changes`."""
    chromosomes = tuple(
        drawn(label, style=style, seed=100 * seed + copy, scale=scale)[0]
        for label, count in enumerate(parse_iscn(text))
        for copy in range(count)
    )
    settings: dict[str, Any] = {
        "cell": f"synthetic {style} {seed}",
        "chromosomes": chromosomes,
        "margin": 9.0,
        "flags": (),
        "unread": (),
        "set_aside": (),
        "background": CellBackground("dark", 0.0, 8),
        "stain": StainVerdict("not checked", None, "too few"),
        "withheld": "",
    } | changes
    read = Karyotype(iscn="", **settings)
    drafted = any(read.counts) and not read.withheld
    return dataclasses.replace(read, iscn=draft_iscn(read.counts) if drafted else "")


def measured(karyotype: Karyotype) -> Karyotype:
    """Return a cell whose chromosomes bring their medial axes, as those of real cells do."""
    chromosomes = tuple(
        dataclasses.replace(one, axis=trace_axis(one.image)) for one in karyotype.chromosomes
    )
    return dataclasses.replace(karyotype, chromosomes=chromosomes)
