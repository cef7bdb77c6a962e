"""Two rows compared image by image, by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.evaluation.statistics import Interval
from superxception_jax.tables.comparison import Difference, SeedComparison, compare_rows
from tests.tables.hand_made import four_runs


def test_comparison_by_hand():
    runs = four_runs()
    one = compare_rows(runs[2:], runs[:2])
    assert (one.first, one.second) == ("super_xception", "xception")
    # Seed 0: only the third image differs. Two cells allow no conclusion.
    few = Interval(None, "cell", 2)
    assert one.seeds[0] == SeedComparison(
        seed=0,
        images=4,
        only_first_correct=1,
        only_second_correct=0,
        p_value=None,
        difference=Difference(0.25, few),
    )
    assert one.seeds[1].only_second_correct == 1
    assert one.mean == Difference(0.0, few)


def test_intervals_and_p_values_of_enough_cells():
    runs = four_runs(copies=5)
    one = compare_rows(runs[2:], runs[:2])
    first = one.seeds[0]
    assert (first.images, first.only_first_correct, first.only_second_correct) == (20, 5, 0)
    assert first.p_value == 2 / 32
    # Five cells differ by 1/2 and five by 0: the binomial quantiles are 2 and 8 of ten cells.
    assert first.difference == Difference(0.25, Interval((0.1, 0.4), "cell", 10))
    mirrored = one.seeds[1].difference
    assert mirrored.interval.ends == pytest.approx((-0.4, -0.1))
    assert one.mean.interval.ends == pytest.approx((-0.15, 0.15))


def test_cases_are_the_units_where_one_of_the_rows_knows_them():
    runs = four_runs(copies=5)
    known = np.array([f"p{number // 4}" for number in range(20)])
    with_cases = [
        dataclasses.replace(run, predictions=dataclasses.replace(run.predictions, cases=known))
        for run in runs
    ]
    for first, second in ((with_cases, with_cases), (with_cases, runs), (runs, with_cases)):
        one = compare_rows(first[2:], second[:2])
        assert {
            (seed.difference.interval.unit, seed.difference.interval.count) for seed in one.seeds
        } == {("case", 5)}
        assert (one.mean.interval.unit, one.mean.interval.count) == ("case", 5)
        # Each patient has one cell with a difference and one without.
        assert one.seeds[0].difference.interval.ends == (0.25, 0.25)


def test_only_common_runs_are_compared_and_on_the_same_images():
    runs = four_runs()
    one = compare_rows(runs[2:], runs[1:2])
    assert [seed.seed for seed in one.seeds] == [1]
    tested = runs[1].predictions
    # The order of the images doesn't matter.
    turned = dataclasses.replace(
        tested,
        **{name: getattr(tested, name)[::-1] for name in ("names", "cells", "labels", "predicted")},
    )
    assert compare_rows(runs[2:], [dataclasses.replace(runs[1], predictions=turned)]) == one
    other = dataclasses.replace(tested, names=np.array(["a", "b", "c", "z"]))
    with pytest.raises(ValueError, match="must have tested the same images"):
        compare_rows(runs[2:], [dataclasses.replace(runs[1], predictions=other)])
