"""Confidence intervals, and the test of two networks on the same images."""

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
    return bootstrap_mean(
        correct.astype(np.float64), groups, resamples=resamples, level=level, seed=seed
    )


def bootstrap_mean(
    values: np.ndarray, groups: np.ndarray, *, resamples: int, level: float, seed: int
) -> tuple[float, float]:
    """Compute a percentile interval of a mean by resampling groups.

    With several seeds, the values of all of them are given one after the other: a cell that is
    drawn brings its images of every seed, and the mean of all values is the mean over the seeds.
    A paired comparison gives the differences of the two networks, image by image.

    Args:
        values: f64[N], one an image and seed.
        groups: N names of the cells, of any dtype; values of a cell are drawn together.
        resamples: number of bootstrap samples.
        level: share of the samples inside the interval, 0..1.
        seed: of the draws.

    Returns:
        Lower and upper end of the interval.

    Raises:
        ValueError: lengths differ.

    Source: Efron and Tibshirani 1993, section 13.3. Seeds are not drawn: a handful of them is
    too few to resample, so their spread is reported beside the interval and not inside it.
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
    """Compute the exact p value of McNemar's test, two-sided.

    Args:
        only_first: images that only the first network reads right.
        only_second: images that only the second one reads right.

    Returns:
        The probability, for two equally good networks, of a split of these images at least as
        uneven as the one found; 1 if there are none.

    Raises:
        ValueError: a count is negative.

    Source: McNemar 1947, with the binomial distribution of n images at one half instead of the
    chi-squared approximation, which needs more disagreements than good networks have.
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
    """Average every number that occurs, over the records that have it.

    Args:
        several: records of values by name.

    Returns:
        Means by name; texts and truth values are left out.

    Source: ours.

    >>> mean_numbers([{"a": 1, "b": "x"}, {"a": 2, "c": 5.0}])
    {'a': 1.5, 'c': 5.0}
    """
    numbers: dict[str, list[float]] = {}
    for one in several:
        for name, value in one.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                numbers.setdefault(name, []).append(value)
    return {name: statistics.fmean(values) for name, values in numbers.items()}
