"""What a cytogeneticist should review in a karyotype: short texts, none where all is clear."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, NORMAL_SEX_COUNTS, X, Y
from superxception_jax.karyotyping.iscn import COMPLETE_CELL

UNCERTAIN_CLASS = 0.9
UNCERTAIN_ORIENTATION = 0.9
UNCERTAIN_MARGIN_NATS = 3.0  # 20 to 1


def chromosome_flags(
    label: int, *, probabilities: np.ndarray, marginals: np.ndarray, turned_probability: float
) -> tuple[str, ...]:
    """Return the review flags of one chromosome.

    Args:
        label: Assigned class, index in `CLASS_NAMES`.
        probabilities: f64[24], class probabilities of the single image.
        marginals: f64[24], class probabilities given the whole cell.
        turned_probability: Probability that the image is upside down, 0..1.

    Returns:
        One text per flag.
    """
    size = f"f64[{len(CLASS_NAMES)}]"
    check(probabilities=(probabilities, size), marginals=(marginals, size))
    flags = []
    if marginals[label] < UNCERTAIN_CLASS:
        second = int(np.argsort(marginals)[-2])
        flags.append(
            f"uncertain class: {CLASS_NAMES[label]} ({percent(marginals[label])}) or "
            f"{CLASS_NAMES[second]} ({percent(marginals[second])})"
        )
    own = int(probabilities.argmax())
    if own != label:
        flags.append(
            f"single-image call {CLASS_NAMES[own]} ({percent(probabilities[own])}), overruled by "
            "the cell"
        )
    if max(turned_probability, 1 - turned_probability) < UNCERTAIN_ORIENTATION:
        flags.append("uncertain orientation (p/q)")
    return tuple(flags)


def cell_flags(
    counts: Sequence[int], *, margin: float, unread: int, own_prior: bool
) -> tuple[str, ...]:
    """Return the review flags of a cell as a whole.

    Args:
        counts: i[24], number of chromosomes of each class.
        margin: Log odds of the assignment against the second-best one, nats.
        unread: Number of images that could not be read.
        own_prior: Whether the caller gave a prior of the counts, which then always applies.

    Returns:
        One text per flag. The counts and the margin of an incomplete cell are not flagged, as
        they say little.
    """
    flags = []
    if unread:
        flags.append(f"{quantity(unread, 'image')} could not be read")
    total = sum(counts)
    if total not in COMPLETE_CELL:
        what = "incomplete cell" if total < COMPLETE_CELL[0] else "not a near-diploid cell"
        prior = "" if own_prior else "count prior not applied, "
        flags.append(f"{what} ({quantity(total, 'chromosome')}): {prior}no ISCN formula drafted")
        return tuple(flags)
    for name, count in zip(CLASS_NAMES[:AUTOSOMES], counts[:AUTOSOMES], strict=True):
        if count != 2:
            flags.append(f"{quantity(count, 'copy', 'copies')} of chromosome {name}")
    if (counts[X], counts[Y]) not in NORMAL_SEX_COUNTS:
        flags.append(f"sex chromosomes: {counts[X]} X and {counts[Y]} Y")
    if margin < UNCERTAIN_MARGIN_NATS:
        flags.append(
            "another assignment of the cell is nearly as likely (odds "
            f"{math.exp(margin):.2g} to 1 for the one shown)"
        )
    return tuple(flags)


def percent(share: float) -> str:
    """Return a probability in per cent; one that is not certain is never shown as 0 or 100 %.

    Args:
        share: Probability, 0..1.

    Returns:
        A text such as `88 %`.

    >>> percent(0.875), percent(0.999), percent(0.001), percent(1.0), percent(0.0)
    ('88 %', '>99 %', '<1 %', '100 %', '0 %')
    """
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 < share < 1:
        return ">99 %"
    return f"{100 * share:.0f} %"


def quantity(count: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun in the right form.

    Args:
        count: The number.
        singular: Noun for the number 1.
        plural: Noun for all other numbers; empty: the singular with an s.

    Returns:
        A text such as `3 copies`.

    >>> quantity(1, "image"), quantity(0, "image"), quantity(3, "copy", "copies")
    ('1 image', '0 images', '3 copies')
    """
    return f"{count} {singular if count == 1 else plural or singular + 's'}"
