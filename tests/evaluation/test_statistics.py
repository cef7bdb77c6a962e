from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from superxception_jax.evaluation.statistics import (
    FEWEST_UNITS,
    Interval,
    bootstrap_mean,
    describe_units,
    mcnemar,
    mean_interval,
)

OPTIONS: dict[str, Any] = {"resamples": 4000, "level": 0.95, "seed": 0}


def test_agrees_with_scipy_when_every_image_is_its_own_cell():
    correct = (np.random.default_rng(1).random(200) < 0.9).astype(float)
    low, high = bootstrap_mean(correct, np.arange(200), **OPTIONS)
    reference = stats.bootstrap(
        (correct,),
        np.mean,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert low == pytest.approx(reference.low, abs=0.006)
    assert high == pytest.approx(reference.high, abs=0.006)


def test_images_of_a_cell_are_drawn_together():
    # Five cells wholly right and five wholly wrong: far more uncertain than 100 images.
    correct = np.repeat([1.0] * 5 + [0.0] * 5, 10)
    together = bootstrap_mean(correct, np.repeat(np.arange(10), 10), **OPTIONS)
    alone = bootstrap_mean(correct, np.arange(100), **OPTIONS)
    assert together[1] - together[0] > 2.5 * (alone[1] - alone[0])
    # Binomial with ten draws: 2.5 % and 97.5 % quantiles are 2 and 8 of 10.
    assert together == pytest.approx((0.2, 0.8))


def test_level_widens_seed_decides_and_certainty_has_no_width():
    correct = (np.random.default_rng(1).random(100) < 0.8).astype(float)
    cells = np.array([f"cell{index % 20}" for index in range(100)])
    narrow = bootstrap_mean(correct, cells, resamples=500, level=0.5, seed=0)
    wide = bootstrap_mean(correct, cells, resamples=500, level=0.99, seed=0)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert wide == bootstrap_mean(correct, cells, resamples=500, level=0.99, seed=0)
    assert bootstrap_mean(np.ones(9), np.arange(9), **OPTIONS) == (1.0, 1.0)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="groups"):
        bootstrap_mean(np.ones(3), np.arange(4), **OPTIONS)


def test_mean_of_values_agrees_with_scipy():
    values = np.random.default_rng(1).normal(size=150)
    reference = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(2)
    ).confidence_interval
    low, high = bootstrap_mean(values, np.arange(150), **OPTIONS)
    assert low == pytest.approx(reference.low, abs=0.015)
    assert high == pytest.approx(reference.high, abs=0.015)


def test_seeds_of_the_same_images_are_drawn_with_their_cell():
    # The mean of two seeds, cell by cell: as one value an image that is their mean.
    first, second = np.random.default_rng(1).random((2, 60))
    cells = np.arange(60) % 9
    both = bootstrap_mean(np.r_[first, second], np.r_[cells, cells], **OPTIONS)
    assert both == pytest.approx(bootstrap_mean((first + second) / 2, cells, **OPTIONS))
    # Repeating a run isn't more evidence.
    again = bootstrap_mean(np.r_[first, first], np.r_[cells, cells], **OPTIONS)
    assert again == pytest.approx(bootstrap_mean(first, cells, **OPTIONS))


def test_mcnemar_by_hand():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(0, 5) == 2 / 32
    # 1 + 8 + 28 of 256, on both sides.
    assert mcnemar(2, 6) == mcnemar(6, 2) == 2 * 37 / 256
    with pytest.raises(ValueError, match="must be counts, got -1"):
        mcnemar(-1, 3)


@pytest.mark.parametrize("pair", [(1, 1), (3, 17), (40, 21), (900, 1100), (0, 2000)])
def test_mcnemar_agrees_with_the_binomial_test_of_scipy(pair):
    assert mcnemar(*pair) == pytest.approx(stats.binomtest(pair[0], sum(pair)).pvalue, rel=1e-9)


def interval(cells, cases=None):
    values = np.random.default_rng(1).random(len(cells))
    found = mean_interval(values, cells=np.array(cells), cases=cases, **OPTIONS)
    return found, values


def test_the_highest_known_unit_is_resampled():
    # Ten cells of five patients: the two cells of a patient are drawn together.
    cells, cases = [f"c{index % 10}" for index in range(60)], np.arange(60) % 5
    over_cells, values = interval(cells)
    assert over_cells == Interval(bootstrap_mean(values, np.array(cells), **OPTIONS), "cell", 10)
    over_cases, _ = interval(cells, np.array([f"p{case}" for case in cases]))
    assert over_cases == Interval(bootstrap_mean(values, cases, **OPTIONS), "case", 5)
    assert over_cases.units == "5 cases"
    # Cases that are the cells are no cases; one patient that is known makes all of them units.
    assert interval(cells, np.array(cells))[0] == over_cells
    partly = np.array(["p" if cell in ("c1", "c2") else cell for cell in cells])
    assert (interval(cells, partly)[0].unit, interval(cells, partly)[0].count) == ("case", 9)


def test_correlated_cells_of_a_patient_widen_the_interval():
    # Patients are wholly right or wholly wrong; each has eight cells.
    right = np.repeat([1.0, 1.0, 1.0, 0.0, 1.0, 0.0], 8)
    cells, cases = np.arange(48).astype(str), np.repeat(np.arange(6), 8).astype(str)
    over_cells = mean_interval(right, cells=cells, cases=None, **OPTIONS).ends
    over_cases = mean_interval(right, cells=cells, cases=cases, **OPTIONS).ends
    assert over_cells is not None
    assert over_cases is not None
    assert over_cases[1] - over_cases[0] > 2 * (over_cells[1] - over_cells[0])


@pytest.mark.parametrize("count", [1, 2, 4])
def test_few_units_get_no_interval_and_are_named(count):
    found, _ = interval([f"c{index % count}" for index in range(46)])
    assert found == Interval(None, "cell", count)
    assert found.describe() == f"no interval: {count} cell{'s' if count > 1 else ''}"
    # Neither do many cells of few patients.
    cells = [str(index) for index in range(46)]
    cases = np.array([f"p{index % count}" for index in range(46)])
    assert interval(cells, cases)[0] == Interval(None, "case", count)
    enough = [f"c{index % FEWEST_UNITS}" for index in range(46)]
    assert interval(enough)[0].ends is not None


def test_an_interval_says_what_it_is_over():
    known = Interval((0.9, 0.95), "case", 1037)
    assert known.describe() == "90.00% to 95.00% over 1,037 cases"
    assert known.to_json() == {
        "accuracy_interval": [0.9, 0.95],
        "interval_unit": "case",
        "interval_units": 1037,
        "interval_method": "percentile bootstrap over 1,037 cases",
    }
    few = Interval(None, "cell", 1)
    for one in (known, few):
        assert Interval.from_json(one.to_json(), cells=7) == one
    # Earlier versions resampled cells and stored the ends only.
    earlier = Interval.from_json({"accuracy_interval": [0.9, 0.95]}, cells=None)
    assert (earlier, earlier.units) == (Interval((0.9, 0.95), "cell", None), "cells")
    assert describe_units([known, few, known]) == "1,037 cases or 1 cell"
