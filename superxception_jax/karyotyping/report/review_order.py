"""Which cells of a batch a person should review first, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from superxception_jax.chromosomes import AUTOSOMES, NORMAL_SEX_COUNTS, natural_key
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.review_flags import UNCERTAIN_MARGIN_NATS
from superxception_jax.wording import quantity

# Limits of the colours; what a person should look at is flagged by `review_flags`. Laboratories
# accept one error in a hundred chromosomes.
SURE_CONFIDENCE = 0.99
DOUBTFUL_CONFIDENCE = 0.90


def review_reasons(karyotype: Karyotype) -> tuple[str, ...]:
    """Return the reasons to review a cell before others.

    Args:
        karyotype: Karyotyped cell.

    Returns:
        One short phrase per reason, empty if there is none: flags of the cell, abnormal counts,
        images without a classification, flagged chromosomes, a small margin, a chromosome of low
        confidence. The digest under which browsers keep corrections includes these phrases.
    """
    reasons = list(karyotype.flags)
    autosomes, sexes = karyotype.counts[:AUTOSOMES], karyotype.counts[AUTOSOMES:]
    if sexes not in NORMAL_SEX_COUNTS or any(count != 2 for count in autosomes):
        reasons.append(f"abnormal counts ({quantity(sum(karyotype.counts), 'chromosome')})")
    if left_out := len(karyotype.unread) + len(karyotype.set_aside):
        reasons.append(f"{quantity(left_out, 'image')} not classified")
    flagged = sum(1 for one in karyotype.chromosomes if one.flags)
    if flagged:
        reasons.append(f"{quantity(flagged, 'flagged chromosome')}")
    if karyotype.margin < UNCERTAIN_MARGIN_NATS:
        reasons.append(f"small margin ({karyotype.margin:.1f} nats)")
    lowest = lowest_confidence(karyotype)
    if lowest < DOUBTFUL_CONFIDENCE:
        reasons.append(f"lowest confidence {100 * lowest:.1f} %")
    return tuple(reasons)


def lowest_confidence(karyotype: Karyotype) -> float:
    """Return the lowest confidence of the chromosomes of a cell, 0 if it has none."""
    return min((one.confidence for one in karyotype.chromosomes), default=0.0)


def names_to_review(karyotype: Karyotype) -> list[str]:
    """Return the names of the flagged chromosomes of a cell, those to look at."""
    return [one.name for one in karyotype.chromosomes if one.flags]


def review_key(head: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the key that sorts cells by what their counts are worth.

    Foreign stains come first, then cells with images left out, then the rest; within each, by the
    number of reasons, then by the lowest confidence, then by name.

    Args:
        head: What the page lists of a cell, see `cell_head`.
    """
    return (
        head["stain"]["verdict"] != "foreign",
        not head["withheld"],
        -len(head["reasons"]),
        head["lowest_confidence"],
        natural_key(head["cell"]),
    )
