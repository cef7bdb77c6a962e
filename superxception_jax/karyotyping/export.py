"""A read cell as JSON and as lines of CSV, for other programs."""

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
    """Turn a cell into JSON values.

    Args:
        karyotype: the cell.

    Returns:
        Its name, draft ISCN formula with the note that it is a draft, counts by class name,
        margin in nats (None if no second assignment exists, an infinite margin), flags, unread
        images with the reason, and the chromosomes in the order of the images: name, class,
        confidence, the three most probable classes with the probability given the whole cell
        and `alone` by the network, turned, turned_probability, length_px and flags.

    Raises:
        ValueError: two images have one name, a number is not finite, or the probabilities
            don't have one value for each class.
        TypeError: probabilities are not f64.

    Source: ours, because JSON knows no infinity and a reader of 24 probabilities wants three.
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
            f"{one.turned_probability}, `length_px` {one.length_px}; check the reading."
        )
    # Stable, so that equal probabilities come in the order of the classes.
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
    """Write the class of every chromosome as a line.

    Args:
        karyotypes: the cells.

    Returns:
        CSV with the columns `CSV_COLUMNS`; turned is true or false, flags are joined by `; `.

    Raises:
        ValueError: as `karyotype_json`.
        TypeError: as `karyotype_json`.

    Source: ours, because a table is what a laboratory opens first.
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
