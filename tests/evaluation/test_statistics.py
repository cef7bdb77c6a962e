from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from superxception_jax.evaluation.statistics import bootstrap_interval, bootstrap_mean, mcnemar

OPTIONS: dict[str, Any] = {"resamples": 4000, "level": 0.95, "seed": 0}


def test_agrees_with_scipy_when_every_image_is_its_own_cell():
    correct = np.random.default_rng(1).random(200) < 0.9
    low, high = bootstrap_interval(correct, np.arange(200), **OPTIONS)
    reference = stats.bootstrap(
        (correct.astype(float),),
        np.mean,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert low == pytest.approx(reference.low, abs=0.006)
    assert high == pytest.approx(reference.high, abs=0.006)


def test_images_of_a_cell_are_drawn_together():
    # Five cells wholly right and five wholly wrong: far more uncertain than 100 images.
    correct = np.repeat([True] * 5 + [False] * 5, 10)
    together = bootstrap_interval(correct, np.repeat(np.arange(10), 10), **OPTIONS)
    alone = bootstrap_interval(correct, np.arange(100), **OPTIONS)
    assert together[1] - together[0] > 2.5 * (alone[1] - alone[0])
    # Binomial with ten draws: 2.5 % and 97.5 % quantiles are 2 and 8 of 10.
    assert together == pytest.approx((0.2, 0.8))


def test_level_widens_seed_decides_and_certainty_has_no_width():
    correct = np.random.default_rng(1).random(100) < 0.8
    cells = np.array([f"cell{index % 20}" for index in range(100)])
    narrow = bootstrap_interval(correct, cells, resamples=500, level=0.5, seed=0)
    wide = bootstrap_interval(correct, cells, resamples=500, level=0.99, seed=0)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert wide == bootstrap_interval(correct, cells, resamples=500, level=0.99, seed=0)
    assert bootstrap_interval(np.ones(9, bool), np.arange(9), **OPTIONS) == (1.0, 1.0)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="groups"):
        bootstrap_interval(np.ones(3, bool), np.arange(4), **OPTIONS)


def test_mean_of_values_agrees_with_scipy_and_with_the_interval_of_the_accuracy():
    values = np.random.default_rng(1).normal(size=150)
    reference = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(2)
    ).confidence_interval
    low, high = bootstrap_mean(values, np.arange(150), **OPTIONS)
    assert low == pytest.approx(reference.low, abs=0.015)
    assert high == pytest.approx(reference.high, abs=0.015)
    right, cells = values > 0, np.arange(150) % 12
    expected = bootstrap_interval(right, cells, **OPTIONS)
    assert bootstrap_mean(right.astype(float), cells, **OPTIONS) == expected


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
