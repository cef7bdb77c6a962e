"""A karyotyped cell as JSON and CSV, for other programs.

Both raise `ValueError` where two images have the same name, a number is not finite, or the
probabilities don't have one value per class, and `TypeError` where they aren't f64.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.karyotype import ClassifiedChromosome, Karyotype

CSV_COLUMNS = ("cell", "image", "class", "confidence", "turned", "length_px", "flags")
DRAFT_NOTE = "Draft, to be verified by a cytogeneticist."
LIKELY_CLASSES = 3
_DECIMALS = 6


def karyotype_json(karyotype: Karyotype) -> dict[str, Any]:
    """Return a cell as JSON values.

    Args:
        karyotype: Karyotyped cell.

    Returns:
        Name, draft ISCN formula ("" for an incomplete cell) with a note that it is a draft,
        counts by class name, margin in nats (None if there is no second assignment, because JSON
        has no infinity), flags, images that were not classified with the reason, and the
        chromosomes in the order of the images: name, class, confidence, the three most probable
        classes with their probability given the whole cell and, as `alone`, by the network from
        the single image, turned, turned_probability, length_px and flags.
    """
    names = [one.name for one in karyotype.chromosomes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"`name` must be unique in cell {karyotype.cell!r}, got {twice} more than once; "
            "rename the images."
        )
    if math.isnan(karyotype.margin):
        raise ValueError(
            f"`margin` of cell {karyotype.cell!r} must be a number, got nan; check the assignment."
        )
    return {
        "cell": karyotype.cell,
        "iscn": karyotype.iscn,
        "note": DRAFT_NOTE,
        "counts": dict(zip(CLASS_NAMES, karyotype.counts, strict=True)),
        "margin": None if math.isinf(karyotype.margin) else round(karyotype.margin, _DECIMALS),
        "flags": list(karyotype.flags),
        "unread": [{"name": name, "reason": reason} for name, reason in karyotype.unread],
        "chromosomes": [_chromosome_json(one) for one in karyotype.chromosomes],
    }


def _chromosome_json(one: ClassifiedChromosome) -> dict[str, Any]:
    size = f"f64[{len(CLASS_NAMES)}]"
    check(probabilities=(one.probabilities, size), marginals=(one.marginals, size))
    numbers = [*one.probabilities, *one.marginals, one.turned_probability, one.length_px]
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"numbers of image {one.name!r} must be finite, got `probabilities` "
            f"{one.probabilities}, `marginals` {one.marginals}, `turned_probability` "
            f"{one.turned_probability}, `length_px` {one.length_px}; check the classification."
        )
    # Stable, so that equal probabilities are in the order of the classes.
    likely = np.argsort(-one.marginals, kind="stable")[:LIKELY_CLASSES]
    return {
        "name": one.name,
        "class": one.class_name,
        "confidence": round(one.confidence, _DECIMALS),
        "probabilities": [
            {
                "class": CLASS_NAMES[label],
                "probability": round(float(one.marginals[label]), _DECIMALS),
                "alone": round(float(one.probabilities[label]), _DECIMALS),
            }
            for label in likely
        ],
        "turned": bool(one.turned),
        "turned_probability": round(float(one.turned_probability), _DECIMALS),
        "length_px": round(float(one.length_px), 2),
        "flags": list(one.flags),
    }


def assignments_csv(karyotypes: Sequence[Karyotype]) -> str:
    """Return the class of every chromosome as CSV.

    Args:
        karyotypes: Karyotyped cells.

    Returns:
        CSV with the columns `CSV_COLUMNS` and one row per chromosome; turned is true or false,
        flags are joined by `; `.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for karyotype in karyotypes:
        for one in karyotype_json(karyotype)["chromosomes"]:
            writer.writerow(
                [
                    karyotype.cell,
                    one["name"],
                    one["class"],
                    f"{one['confidence']:.6f}",
                    "true" if one["turned"] else "false",
                    f"{one['length_px']:.2f}",
                    "; ".join(one["flags"]),
                ]
            )
    return text.getvalue()
