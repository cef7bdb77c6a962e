from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from superxception_jax.evaluation.statistics import bootstrap_interval

OPTIONS = {"resamples": 4000, "level": 0.95, "seed": 0}


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
