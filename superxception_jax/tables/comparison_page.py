"""The intervals and paired comparisons of a table as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.evaluation.statistics import FEWEST_UNITS, Interval, describe_units
from superxception_jax.tables.comparison import Difference, RowComparison

ABSENT = "–"


def describe_interval(interval: Interval) -> str:
    """Return an interval in percent, or the few units that allow none.

    Args:
        interval: Interval of a share.

    >>> describe_interval(Interval((0.9, 0.95), "cell", 24))
    '90.00 – 95.00'
    >>> describe_interval(Interval(None, "cell", 1))
    'none: 1 cell'
    """
    if interval.ends is None:
        return _none(interval)
    return " – ".join(f"{100 * end:.2f}" for end in interval.ends)


def too_few(intervals: Sequence[Interval], consequence: str) -> str:
    """Return a sentence on the intervals that are withheld; empty if none is.

    Args:
        intervals: Intervals of a table.
        consequence: What follows, for example "get no interval".
    """
    withheld = [one for one in intervals if one.ends is None]
    if not withheld:
        return ""
    return (
        f"Fewer than {FEWEST_UNITS} {withheld[0].unit}s {consequence}: {describe_units(withheld)}."
    )


def comparison_notes(comparisons: Sequence[RowComparison]) -> str:
    """Return what the numbers of paired comparisons mean.

    Args:
        comparisons: Comparisons of a table, at least one.
    """
    intervals = [seed.difference.interval for one in comparisons for seed in one.seeds]
    intervals += [one.mean.interval for one in comparisons]
    given = [one for one in intervals if one.ends]
    note = too_few(intervals, "get neither an interval nor a p value")
    if not given:
        return note
    text = (
        "The intervals of the differences in accuracy are paired bootstrap intervals over "
        f"{describe_units(given)}. The p values are from McNemar's exact test, two-sided, which "
        "takes images for independent. Errors come in groups, such as exchanges within a cell: "
        "where p and the interval disagree, the interval counts. There is no p value for the mean "
        "over seeds, because all seeds are tested on the same images."
    )
    return f"{text} {note}".strip()


def comparison_grid(comparisons: Sequence[RowComparison]) -> str:
    """Return paired comparisons as a Markdown table.

    Args:
        comparisons: Comparisons of a table, at least one.
    """
    level = comparisons[0].confidence_level
    heads = ["a", "b", "seed", "images", "only a correct", "only b correct", "p"]
    heads += ["a - b, percentage points", f"{100 * level:g} % interval"]
    lines = []
    for one in comparisons:
        names = [one.first, one.second]
        for seed in one.seeds:
            counts = (seed.images, seed.only_first_correct, seed.only_second_correct)
            known = [str(seed.seed), *(f"{count:,}" for count in counts)]
            lines.append(
                [*names, *known, _probability(seed.p_value), *_difference(seed.difference)]
            )
        if len(one.seeds) > 1:
            lines.append([*names, "mean", *[ABSENT] * 4, *_difference(one.mean)])
    return markdown_grid(heads, lines)


def _difference(difference: Difference) -> list[str]:
    ends = difference.interval.ends
    span = " to ".join(map(_points, ends)) if ends else _none(difference.interval)
    return [_points(difference.value), span]


def _points(share: float) -> str:
    # Adding zero turns the negative zero of a rounded number into a plain one.
    return f"{round(100 * share, 2) + 0.0:+.2f}"


def _probability(value: float | None) -> str:
    if value is None:
        return ABSENT
    return f"{value:.4f}" if value >= 1e-4 else f"{value:.1e}"


def _none(interval: Interval) -> str:
    return f"none: {interval.units}"
