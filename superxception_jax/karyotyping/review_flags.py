"""What a cytogeneticist should review in a karyotype: short texts, none where all is clear."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, NORMAL_SEX_COUNTS, X, Y
from superxception_jax.karyotyping.iscn import COMPLETE_CELL, number_problem
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.stain import StainVerdict
from superxception_jax.wording import quantity

# Measured on the validation cells of the included G-band network, whole and partial ones, with the
# weights of its lowest validation loss (the included ones are the last): of the chromosomes between
# 0.9 and 0.95 one in 12 is wrong, of those up to 0.98 one in 47.
UNCERTAIN_CLASS = 0.95
# Of the calls that the cell overruled and is sure of, one in 28 was wrong there, so that they are
# listed and not flagged. But a rare gain looks like one that the image is sure of as well.
OVERRULED_CLASS = 0.02
UNCERTAIN_ORIENTATION = 0.9
UNCERTAIN_MARGIN_NATS = 3.0  # 20 to 1
UNCERTAIN_ORIENTATION_TEXT = "uncertain orientation: check whether the p arm is up"
ORIENTATION_NOT_CHECKED = "orientation not checked by this network"


def chromosome_flags(
    label: int,
    *,
    probabilities: np.ndarray,
    marginals: np.ndarray,
    turned_probability: float | None,
) -> tuple[str, ...]:
    """Return the review flags of one chromosome.

    Args:
        label: Assigned class, index in `CLASS_NAMES`.
        probabilities: f64[24], class probabilities of the single image.
        marginals: f64[24], class probabilities given the whole cell.
        turned_probability: Probability that the image is upside down, 0..1; None if that is not
            checked, which `cell_flags` says once.

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
    if own != label and probabilities[label] < OVERRULED_CLASS * probabilities.sum():
        flags.append(
            f"single-image call {CLASS_NAMES[own]} ({percent(probabilities[own])}), overruled by "
            "the cell"
        )
    if (
        turned_probability is not None
        and max(turned_probability, 1 - turned_probability) < UNCERTAIN_ORIENTATION
    ):
        flags.append(UNCERTAIN_ORIENTATION_TEXT)
    return tuple(flags)


def withheld_reason(*, foreign: bool, unread: int, set_aside: int) -> str:
    """Return why a cell must not get a formula, whatever its counts.

    A formula claims that the counts are those of the cell. They aren't if an image that may show
    one of its chromosomes was left out, or if the classes can't be trusted.

    Args:
        foreign: Whether the stain is foreign to the network, and a formula was not asked for.
        unread: Number of images that could not be read.
        set_aside: Number of images that were set aside.

    Returns:
        A phrase; empty if nothing forbids a formula.

    >>> withheld_reason(foreign=False, unread=3, set_aside=1)
    '3 images could not be read, 1 image set aside'
    """
    reasons = ["foreign stain"] if foreign else []
    reasons += [f"{quantity(unread, 'image')} could not be read"] if unread else []
    reasons += [f"{quantity(set_aside, 'image')} set aside"] if set_aside else []
    return ", ".join(reasons)


def cell_flags(
    counts: Sequence[int],
    *,
    margin: float,
    unread: int,
    set_aside: int,
    stain: StainVerdict,
    any_stain: bool,
    own_prior: bool,
    oriented: bool,
) -> tuple[str, ...]:
    """Return the review flags of a cell as a whole.

    Args:
        counts: i[24], number of chromosomes of each class.
        margin: Log odds of the assignment against the second-best one, nats.
        unread: Number of images that could not be read.
        set_aside: Number of images that were set aside.
        stain: Whether the network knows the stain.
        any_stain: Whether the caller wants a formula for a foreign stain as well.
        own_prior: Whether the caller gave a prior of the counts of whole cells.
        oriented: Whether the network checks which end of a chromosome is up.

    Returns:
        One text per flag: first what makes the counts untrustworthy, then the counts. The counts
        and the margin of an incomplete cell are not flagged, as they say little.
    """
    flags = []
    if stain.is_foreign:
        consequence = "; no ISCN formula drafted"
        if any_stain:
            # What else keeps the cell from a formula is said below.
            complete = sum(counts) in COMPLETE_CELL and not unread and not set_aside
            consequence = "; formula drafted all the same" if complete else ""
        flags.append(
            f"foreign stain (score {stain.score:.2g} above the limit): the bands differ from those "
            f"the network was trained on; do not rely on its classes{consequence}"
        )
    if unread:
        flags.append(f"{quantity(unread, 'image')} could not be read: no ISCN formula drafted")
    if set_aside:
        flags.append(f"{quantity(set_aside, 'image')} set aside: no ISCN formula drafted")
    flags += _count_flags(counts, margin=margin, own_prior=own_prior)
    if not oriented:
        flags.append(ORIENTATION_NOT_CHECKED)
    return tuple(flags)


def _count_flags(counts: Sequence[int], *, margin: float, own_prior: bool) -> list[str]:
    flags = []
    if problem := number_problem(sum(counts)):
        prior = "given count prior" if own_prior else "count prior"
        flags.append(f"{problem}: {prior} not applied, no ISCN formula drafted")
        return flags
    for name, count in zip(CLASS_NAMES[:AUTOSOMES], counts[:AUTOSOMES], strict=True):
        if count != 2:
            flags.append(f"{quantity(count, 'copy', 'copies')} of chromosome {name}")
    if (counts[X], counts[Y]) not in NORMAL_SEX_COUNTS:
        flags.append(f"sex chromosomes: {counts[X]} X and {counts[Y]} Y")
    if margin < UNCERTAIN_MARGIN_NATS:
        flags.append(
            "another assignment of the cell cannot be ruled out (odds "
            f"{math.exp(margin):.2g} to 1 for the one shown)"
        )
    return flags


def decided_text(karyotype: Karyotype) -> str:
    """Return what was decided about the images of a cell as a whole.

    Args:
        karyotype: Karyotyped cell.

    Returns:
        A text such as `dark background (level 0.02, 8 bits), stain known (score -0.41)`.
    """
    background, stain = karyotype.background, karyotype.stain
    why = stain.text if stain.score is None else f"score {stain.score:.2f}"
    return (
        f"{background.kind} background (level {background.level:.2f}, {background.bits} bits), "
        f"stain {stain.kind}{f' ({why})' if why else ''}"
    )


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
