"""Confidence intervals over independent units, and McNemar's test of two networks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.wording import quantity

# Fewer units say too little of the next one: the interval of two is one of three values, and that
# of one has no width.
FEWEST_UNITS = 5
CELL, CASE = "cell", "case"


@dataclass(frozen=True)
class Interval:
    """The interval of a mean, or why there is none.

    Attributes:
        ends: Lower and upper end; None where there are fewer than `FEWEST_UNITS` units.
        unit: What was resampled: "cell", or "case" for a patient or sample.
        count: Number of units; None in results of versions that didn't store it.
    """

    ends: tuple[float, float] | None
    unit: str
    count: int | None

    @property
    def units(self) -> str:
        """Return number and name of the units, such as "1 cell" or "37 cases"."""
        if self.count is None:
            return f"{self.unit}s"
        return quantity(self.count, self.unit)

    @property
    def method(self) -> str:
        """Return how the interval was computed, or why there is none."""
        if self.ends is None:
            return f"no interval: {self.units}"
        return f"percentile bootstrap over {self.units}"

    def describe(self) -> str:
        """Return the interval for people, such as "95.00% to 97.50% over 37 cases"."""
        if self.ends is None:
            return self.method
        low, high = self.ends
        return f"{low:.2%} to {high:.2%} over {self.units}"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON values, to be merged with those of the accuracy."""
        return {
            "accuracy_interval": None if self.ends is None else list(self.ends),
            "interval_unit": self.unit,
            "interval_units": self.count,
            "interval_method": self.method,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], *, cells: int | None) -> Interval:
        """Return the interval that `to_json` wrote.

        Args:
            values: The JSON values; earlier versions stored the ends only, which are over cells.
            cells: Number of cells, where it is known.

        Raises:
            KeyError: There is no interval.
        """
        ends = values["accuracy_interval"]
        return cls(
            ends=None if ends is None else (ends[0], ends[1]),
            unit=values.get("interval_unit", CELL),
            count=values.get("interval_units", cells),
        )


def describe_units(intervals: Sequence[Interval]) -> str:
    """Return the units of several intervals, each once.

    >>> describe_units([Interval(None, "cell", 3), Interval((0.1, 0.2), "case", 37)])
    '3 cells or 37 cases'
    """
    return " or ".join(dict.fromkeys(one.units for one in intervals))


def mean_interval(
    values: np.ndarray,
    *,
    cells: np.ndarray,
    cases: np.ndarray | None,
    resamples: int,
    level: float,
    seed: int,
) -> Interval:
    """Return the interval of a mean over the highest unit that is known.

    Images of a cell share its preparation, and cells of a patient share more than that: neither
    are independent. Cases are resampled where they are known, otherwise cells, and never images.

    Args:
        values: f64[N], one value per image and training seed, see `bootstrap_mean`.
        cells: str[N], cell of each value.
        cases: str[N], patient or sample of each value; a cell without one is its own. None, or
            equal to `cells`, where none is known.
        resamples: Number of bootstrap samples.
        level: Confidence level, 0..1.
        seed: Random seed.

    Raises:
        ValueError: The lengths differ.

    Source: Cameron, Gelbach and Miller 2008: intervals over few clusters are too narrow. The
        limit of five is ours.
    """
    check(values=(values, "f64[N]"), cells=(cells, "any[N]"))
    unit, groups = CELL, cells
    if cases is not None and not np.array_equal(cells, cases):
        unit, groups = CASE, cases
    count = len(np.unique(groups))
    ends = None
    if count >= FEWEST_UNITS:
        ends = bootstrap_mean(values, groups, resamples=resamples, level=level, seed=seed)
    return Interval(ends=ends, unit=unit, count=count)


def bootstrap_mean(
    values: np.ndarray, groups: np.ndarray, *, resamples: int, level: float, seed: int
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of a mean, resampling groups of values.

    With several training seeds, the values of all seeds are concatenated: a group that is drawn
    contributes its images of every seed, and the mean of all values is the mean over the seeds.
    The seeds themselves are not resampled, as a handful is too few; their spread is reported
    separately. A paired comparison passes the image-wise differences of two networks.

    Args:
        values: f64[N], one value per image and training seed.
        groups: N names of groups, of any dtype; the values of a group are drawn together.
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
    disagreements than good networks have. Images count as independent, so that p is too small
    where errors come in groups, as within cells.

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
