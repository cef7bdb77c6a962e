"""Confidence intervals."""

from __future__ import annotations

import numpy as np

from superxception_jax.arrays import check


def bootstrap_interval(
    correct: np.ndarray, groups: np.ndarray, *, resamples: int, level: float, seed: int
) -> tuple[float, float]:
    """Compute a percentile interval of the accuracy by resampling groups.

    Args:
        correct: bool[N], right or wrong for each image.
        groups: N names of the cells, of any dtype; images of a cell are drawn together.
        resamples: number of bootstrap samples.
        level: share of the samples inside the interval, 0..1.
        seed: of the draws.

    Returns:
        Lower and upper end of the interval.

    Raises:
        ValueError: lengths differ.

    Source: Efron and Tibshirani 1993, section 13.3; cells and not images are drawn, because
    the images of a cell share its preparation and aren't independent.
    """
    check(correct=(correct, "bool[N]"), groups=(groups, "any[N]"))
    _, index = np.unique(groups, return_inverse=True)
    sizes = np.bincount(index)
    hits = np.bincount(index, weights=correct)
    generator = np.random.default_rng(seed)
    drawn = generator.integers(len(sizes), size=(resamples, len(sizes)))
    accuracies = hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(accuracies, [tail, 1.0 - tail])
    return float(low), float(high)
