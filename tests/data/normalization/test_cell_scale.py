from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.chromosomes import CLASS_NAMES, X, Y
from superxception_jax.data.normalization.cell_scale import class_lengths, estimate_reference_px

# A male cell; chromosome 1 is 100 px long.
CELL = np.array([*range(22), *range(22), X, Y])


def draw(generator, labels=CELL, *, px=100.0):
    return px * class_lengths()[labels] * np.exp(generator.normal(0.0, 0.05, len(labels)))


def test_lengths_are_those_of_the_ideograms():
    lengths = dict(zip(CLASS_NAMES, class_lengths(), strict=True))
    assert lengths["1"] == 1.0
    # Of the short acrocentric ones, 21 is the shortest, and X lies between 6 and 8.
    assert min(lengths, key=lengths.__getitem__) == "21"
    assert lengths["6"] > lengths["X"] > lengths["8"]


@pytest.mark.parametrize("seed", range(5))
def test_a_whole_cell_is_measured_better_than_by_its_longest_chromosome(seed):
    lengths = draw(np.random.default_rng(seed))
    assert abs(np.log(estimate_reference_px(lengths) / 100.0)) < 0.03


def test_it_matters_little_which_chromosomes_are_missing():
    """Half of each cell, the long ones more often; errors as the root of their mean square."""
    generator = np.random.default_rng(0)
    errors, longest = [], []
    for _ in range(60):
        lengths = draw(generator)
        there = generator.random(len(lengths)) < 0.75 - 0.5 * class_lengths()[CELL]
        errors.append(np.log(estimate_reference_px(lengths[there]) / 100.0))
        longest.append(np.log(lengths[there].max() / 100.0))
    error, by_longest = (float(np.sqrt(np.mean(np.square(one)))) for one in (errors, longest))
    assert error < 0.1
    assert error < 0.5 * by_longest


def test_one_clump_of_chromosomes_does_not_decide():
    lengths = draw(np.random.default_rng(1))
    clump = np.append(lengths, 180.0)
    assert estimate_reference_px(clump) == pytest.approx(estimate_reference_px(lengths), rel=0.03)


@given(st.floats(0.1, 10.0), st.integers(0, 9))
def test_the_estimate_grows_with_the_picture(factor, seed):
    lengths = draw(np.random.default_rng(seed), CELL[10:25])
    expected = factor * estimate_reference_px(lengths)
    assert estimate_reference_px(factor * lengths) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("lengths", [[], [5.0, 0.0], [5.0, np.nan]])
def test_lengths_must_be_lengths(lengths):
    with pytest.raises(ValueError, match="must be lengths above 0"):
        estimate_reference_px(np.array(lengths, np.float64))
