"""Synthetic cells as karyotypes: the classes of the drawing replace a classification."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.ideogram.constitution import parse_karyotype
from superxception_jax.data.ideogram.synthetic_cell import draw_chromosomes
from superxception_jax.data.normalization.background import CellBackground
from superxception_jax.karyotyping.karyotype import (
    ClassifiedChromosome,
    Karyotype,
)
from superxception_jax.karyotyping.stain import StainVerdict

# What a cell says of its images where nothing is wrong with them.
SOUND: dict[str, Any] = {
    "flags": (),
    "unread": (),
    "set_aside": (),
    "background": CellBackground("dark", 0.0, 8),
    "stain": StainVerdict("not checked", None, "too few"),
    "withheld": "",
}
_VISIBLE = 12


def sample_chromosome(
    name: str = "image 1",
    *,
    label: int = 20,
    confidence: float = 0.97,
    image: np.ndarray | None = None,
    turned: bool = False,
    checked: bool = True,
    flags: tuple[str, ...] = (),
) -> ClassifiedChromosome:
    marginals = np.full(24, (1.0 - confidence) / 200.0)
    marginals[label] = confidence
    marginals[label - 1] = 1.0 - marginals.sum() + marginals[label - 1]
    alone = 0.7 * marginals + 0.3 / 24.0
    image = np.full((6, 3), 200, np.uint8) if image is None else image
    return ClassifiedChromosome(
        name=name,
        image=image,
        label=label,
        probabilities=alone,
        marginals=marginals,
        turned=turned,
        turned_probability=(0.98 if turned else 0.01) if checked else None,
        length_px=float(image.shape[0]),
        flags=flags,
    )


def sample_karyotype(
    cell: str = "cell 1", *chromosomes: ClassifiedChromosome, **changes
) -> Karyotype:
    values: dict[str, Any] = SOUND | {"iscn": "46,XX", "margin": 9.0} | changes
    return Karyotype(cell=cell, chromosomes=chromosomes or (sample_chromosome(),), **values)


def _upright(image: np.ndarray) -> np.ndarray:
    """Cut out the largest piece with its axis upright, on black."""
    pieces, _ = ndimage.label(image > _VISIBLE)
    image = np.where(pieces == np.bincount(pieces.ravel())[1:].argmax() + 1, image, 0)
    rows, columns = np.nonzero(image)
    _, axes = np.linalg.eigh(np.cov(rows, columns))
    degrees = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    degrees = (degrees + 90.0) % 180.0 - 90.0
    if abs(degrees) < 60.0:
        image = ndimage.rotate(image, -degrees, order=1)
    image = np.where(image > _VISIBLE, image, 0).astype(np.uint8)
    rows, columns = np.nonzero(image)
    return image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def sample_cell(number: int, *, karyotype: str) -> Karyotype:
    """Draw a cell; a few of its chromosomes are doubtful and flagged."""
    drawn = draw_chromosomes(
        np.random.default_rng([7, number]), karyotype=parse_karyotype(karyotype), style="q"
    )
    generator = np.random.default_rng(number)
    chromosomes = []
    for place, one in enumerate(drawn.chromosomes):
        confidence = float(1.0 - 10.0 ** generator.uniform(-5.0, -2.0))
        flags: tuple[str, ...] = ()
        if generator.random() < 0.1:
            confidence = float(generator.uniform(0.6, 0.97))
        if confidence < 0.8:
            rival = CLASS_NAMES[one.label - 1]
            flags = (f"close to class {rival}: compare the bands.",)
        chromosomes.append(
            sample_chromosome(
                f"{number:03d}_{place:02d}.png",
                label=one.label,
                confidence=confidence,
                image=_upright(one.image),
                turned=bool(generator.random() < 0.15),
                flags=flags,
            )
        )
    return Karyotype(
        cell=f"Cell {number:03d}",
        chromosomes=tuple(chromosomes),
        iscn=drawn.karyotype.text,
        margin=float(generator.uniform(0.5, 14.0)),
        **SOUND,
    )
