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
_TURNED = {True: "true", False: "false", None: ""}


def karyotype_json(karyotype: Karyotype) -> dict[str, Any]:
    """Return a cell as JSON values.

    Args:
        karyotype: Karyotyped cell.

    Returns:
        Name, case ("" if unknown), draft ISCN formula ("" for an incomplete cell and where it is
        withheld) with a note that it is a draft, why it is withheld ("" if it is not), counts by
        class name, margin in nats (None if there is no second assignment, because JSON has no
        infinity), flags, what was decided about background and stain, images that were not
        classified with the reason (unread and set aside), and the chromosomes in the order of the
        images: name, file below the folder of all images ("" if it is in none), class,
        confidence, the three most probable classes with their probability given the whole cell
        and, as `alone`, by the network from the single image, turned and turned_probability (both
        None if the network doesn't check them), length_px and flags.
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
    stain = karyotype.stain
    return {
        "cell": karyotype.cell,
        "case": karyotype.case,
        "iscn": karyotype.iscn,
        "note": DRAFT_NOTE,
        "withheld": karyotype.withheld,
        "counts": dict(zip(CLASS_NAMES, karyotype.counts, strict=True)),
        "margin": None if math.isinf(karyotype.margin) else round(karyotype.margin, _DECIMALS),
        "flags": list(karyotype.flags),
        "background": {
            "kind": karyotype.background.kind,
            "level": round(karyotype.background.level, _DECIMALS),
            "bits": karyotype.background.bits,
        },
        "stain": {"verdict": stain.kind, "score": _rounded(stain.score), "text": stain.text},
        "unread": [{"name": name, "reason": reason} for name, reason in karyotype.unread],
        "set_aside": [{"name": name, "reason": reason} for name, reason in karyotype.set_aside],
        "chromosomes": [_chromosome_json(one) for one in karyotype.chromosomes],
    }


def _chromosome_json(one: ClassifiedChromosome) -> dict[str, Any]:
    size = f"f64[{len(CLASS_NAMES)}]"
    check(probabilities=(one.probabilities, size), marginals=(one.marginals, size))
    turned_probability = one.turned_probability
    checked = turned_probability is not None
    numbers = [*one.probabilities, *one.marginals, turned_probability or 0.0, one.length_px]
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"numbers of image {one.name!r} must be finite, got `probabilities` "
            f"{one.probabilities}, `marginals` {one.marginals}, `turned_probability` "
            f"{turned_probability}, `length_px` {one.length_px}; check the classification."
        )
    # Stable, so that equal probabilities are in the order of the classes.
    likely = np.argsort(-one.marginals, kind="stable")[:LIKELY_CLASSES]
    return {
        "name": one.name,
        "file": one.file,
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
        "turned": bool(one.turned) if checked else None,
        "turned_probability": _rounded(turned_probability),
        "length_px": round(float(one.length_px), 2),
        "flags": list(one.flags),
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(float(number), _DECIMALS)


def assignments_csv(karyotypes: Sequence[Karyotype]) -> str:
    """Return the class of every chromosome as CSV.

    Args:
        karyotypes: Karyotyped cells.

    Returns:
        CSV with the columns `CSV_COLUMNS` and one row per chromosome; turned is true or false,
        or empty if the network doesn't check it; flags are joined by `; `.
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
                    _TURNED[one["turned"]],
                    f"{one['length_px']:.2f}",
                    "; ".join(one["flags"]),
                ]
            )
    return text.getvalue()
