"""Bootstrap confidence intervals, and McNemar's test of two networks on the same images."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from superxception_jax.arrays import check


def bootstrap_interval(
    correct: np.ndarray, groups: np.ndarray, *, resamples: int, level: float, seed: int
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of the accuracy.

    Cells are resampled rather than images, because the images of a cell share its preparation
    and aren't independent.

    Args:
        correct: bool[N], whether each image is correct.
        groups: N names of cells, of any dtype; the images of a cell are drawn together.
        resamples: Number of bootstrap samples.
        level: Confidence level of the interval, 0..1.
        seed: Random seed.

    Returns:
        Lower and upper end of the interval.

    Raises:
        ValueError: The lengths differ.

    Source: Efron and Tibshirani 1993, section 13.3.
    """
    check(correct=(correct, "bool[N]"), groups=(groups, "any[N]"))
    return bootstrap_mean(
        correct.astype(np.float64), groups, resamples=resamples, level=level, seed=seed
    )


def bootstrap_mean(
    values: np.ndarray, groups: np.ndarray, *, resamples: int, level: float, seed: int
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of a mean, resampling cells.

    With several training seeds, the values of all seeds are concatenated: a cell that is drawn
    contributes its images of every seed, and the mean of all values is the mean over the seeds.
    The seeds themselves are not resampled, as a handful is too few; their spread is reported
    separately. A paired comparison passes the image-wise differences of two networks.

    Args:
        values: f64[N], one value per image and training seed.
        groups: N names of cells, of any dtype; the values of a cell are drawn together.
        resamples: Number of bootstrap samples.
        level: Confidence level of the interval, 0..1.
        seed: Random seed.

    Returns:
        Lower and upper end of the interval.

    Raises:
        ValueError: The lengths differ.

    Source: Efron and Tibshirani 1993, section 13.3.
    """
    check(values=(values, "f64[N]"), groups=(groups, "any[N]"))
    _, index = np.unique(groups, return_inverse=True)
    sizes = np.bincount(index)
    sums = np.bincount(index, weights=values)
    generator = np.random.default_rng(seed)
    drawn = generator.integers(len(sizes), size=(resamples, len(sizes)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return float(low), float(high)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p value of McNemar's exact test.

    The binomial distribution replaces the usual chi-squared approximation, which needs more
    disagreements than good networks have.

    Args:
        only_first: Number of images that only the first network classifies correctly.
        only_second: Number of images that only the second network classifies correctly.

    Returns:
        The probability that two equally good networks split these images at least as unevenly;
        1 if there are none.

    Raises:
        ValueError: A count is negative.

    Source: McNemar 1947.
    """
    if min(only_first, only_second) < 0:
        raise ValueError(
            f"`only_first` and `only_second` must be counts, got {only_first} and "
            f"{only_second}; count the images."
        )
    total, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(total, count) for count in range(fewer + 1))
    # Whole numbers up to the division: exact for any number of images.
    return min(1.0, 2 * tail / 2**total)


def mean_numbers(several: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the mean of each number over the records that contain it.

    Args:
        several: Records of values by name.

    Returns:
        Means by name; texts and booleans are left out.

    >>> mean_numbers([{"a": 1, "b": "x"}, {"a": 2, "c": 5.0}])
    {'a': 1.5, 'c': 5.0}
    """
    numbers: dict[str, list[float]] = {}
    for one in several:
        for name, value in one.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                numbers.setdefault(name, []).append(value)
    return {name: statistics.fmean(values) for name, values in numbers.items()}
