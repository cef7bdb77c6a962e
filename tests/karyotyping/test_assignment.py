from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.karyotyping.assignment import (
    NEGLIGIBLE_NATS,
    assign_cell,
    to_log_likelihoods,
)
from superxception_jax.karyotyping.prior import (
    CountPrior,
    count_costs,
    default_prior,
    incomplete_prior,
    prior_of_cell,
)
from tests.karyotyping.assignment_score import assignment_score

# Classes of the exhaustive search of small cells: two autosomes, X and Y.
SMALL = (0, 1, 22, 23)


def draw_likelihoods(seed, count, classes=SMALL, scale=3.0):
    values = np.full((count, 24), -1e9)
    values[:, list(classes)] = (
        np.random.default_rng(seed).normal(size=(count, len(classes))) * scale
    )
    return values


def brute_force(likelihoods, prior):
    """Score every assignment to the classes of `SMALL`."""
    scores = {}
    for labels in itertools.product(SMALL, repeat=len(likelihoods)):
        array = np.array(labels, np.int64)
        scores[labels] = assignment_score(array, likelihoods, prior=prior)
    return scores


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 5), whole=st.booleans())
def test_equals_brute_force(seed, count, whole):
    prior = default_prior() if whole else incomplete_prior()
    likelihoods = draw_likelihoods(seed, count)
    found = assign_cell(likelihoods, prior=prior)
    scores = brute_force(likelihoods, prior)
    best = max(scores.values())
    assert found.score == pytest.approx(best, abs=1e-6)
    assert scores[tuple(found.labels)] == pytest.approx(best, abs=1e-6)
    others = [score for labels, score in scores.items() if labels != tuple(found.labels)]
    assert found.margin == pytest.approx(min(best - max(others), NEGLIGIBLE_NATS), abs=1e-5)
    expected = np.zeros((count, 24))
    for row in range(count):
        for label in SMALL:
            part = [score for labels, score in scores.items() if labels[row] == label]
            expected[row, label] = np.exp(max(part) - best)
    # The sex complements that are left out have a likelihood of at most e^-30.
    np.testing.assert_allclose(
        found.marginals, expected / expected.sum(axis=1, keepdims=True), atol=1e-8
    )


def test_the_score_by_hand():
    prior = default_prior()
    likelihoods = draw_likelihoods(0, 3)
    labels = np.array([0, 0, 22])
    costs = count_costs(prior.autosomes)
    expected = likelihoods[0, 0] + likelihoods[1, 0] + likelihoods[2, 22]
    expected -= costs[0, 2] + costs[1:, 0].sum() - math.log(prior.sexes["X"])
    assert assignment_score(labels, likelihoods, prior=prior) == pytest.approx(expected)
    assert assignment_score(np.array([23] * 4), draw_likelihoods(0, 4), prior=prior) == -math.inf


def make_cell(counts, seed=0, certainty=8.0, confused=()):
    """Draw likelihoods of a cell whose true classes are known; `confused` pairs look alike."""
    labels = np.repeat(np.arange(24), counts)
    values = np.random.default_rng(seed).normal(size=(len(labels), 24))
    values[np.arange(len(labels)), labels] += certainty
    for row, wrong in confused:
        values[row, wrong] = values[row, labels[row]] + 1.0
    return labels, values


MALE, FEMALE = [2] * 22 + [1, 1], [2] * 22 + [2, 0]


def changed(counts, **changes):
    result = list(counts)
    for name, number in changes.items():
        result[int(name[1:]) - 1] += number
    return result


@pytest.mark.parametrize(
    "counts",
    [
        MALE,
        FEMALE,
        changed(MALE, c21=1),
        changed(FEMALE, c18=1),
        changed(FEMALE, c7=-1),
        changed(FEMALE, c23=-1),
        changed(MALE, c23=1),
        changed(MALE, c24=1),
        changed(MALE, c23=1, c21=1),
        changed(FEMALE, c23=1),
    ],
)
def test_clear_cells_are_assigned_correctly_whatever_their_counts(counts):
    labels, values = make_cell(counts, certainty=14.0)
    found = assign_cell(values, prior=default_prior())
    np.testing.assert_array_equal(found.labels, labels)
    assert 0 < found.margin <= NEGLIGIBLE_NATS


def test_counts_decide_where_images_are_ambiguous():
    # Both 22s look a little more like 19, which has its own two.
    labels, values = make_cell(MALE, confused=[(42, 18), (43, 18)])
    assert labels[42] == labels[43] == 21
    assert (values[[42, 43]].argmax(axis=1) == 18).all()
    np.testing.assert_array_equal(assign_cell(values, prior=default_prior()).labels, labels)


def test_a_rarer_count_needs_more_evidence():
    labels, values = make_cell(changed(MALE, c21=1), certainty=9.0)
    extra = int(np.nonzero(labels == 20)[0][-1])
    values[extra, 21] = values[extra, 20] - 5.0
    lenient = default_prior()
    table = lenient.autosomes.copy()
    table[20] = (1e-8, 2e-3, 1 - 1e-8 - 2e-3 - 1e-9 - 1e-19, 1e-9, 1e-19)
    table[21, 2] -= 2e-3 - table[21, 3]
    table[21, 3] = 2e-3
    strict = dataclasses.replace(lenient, autosomes=table)
    assert assign_cell(values, prior=lenient).labels[extra] == 20
    assert assign_cell(values, prior=strict).labels[extra] == 21


def test_order_of_the_images_does_not_matter():
    _, values = make_cell(MALE, certainty=3.0)
    order = np.random.default_rng(1).permutation(len(values))
    one = assign_cell(values, prior=default_prior())
    other = assign_cell(values[order], prior=default_prior())
    np.testing.assert_array_equal(one.labels[order], other.labels)
    np.testing.assert_allclose(one.marginals[order], other.marginals, atol=1e-9)
    assert one.margin == pytest.approx(other.margin)


def test_a_part_of_a_cell_is_not_a_cell_with_losses():
    labels, values = make_cell([1, 2, 0, 1] + [0] * 18 + [1, 0])
    found = assign_cell(values, prior=incomplete_prior())
    np.testing.assert_array_equal(found.labels, labels)


def test_likelihoods_divide_by_the_shares():
    shares = np.array([0.5, 0.25, 0.25])
    values = np.log(np.array([[0.5, 0.25, 0.25], [0.2, 0.4, 0.4]]))
    found = to_log_likelihoods(values, shares)
    np.testing.assert_allclose(found[0], 0.0, atol=1e-12)
    np.testing.assert_allclose(np.exp(found[1]), [0.4, 1.6, 1.6])
    with pytest.raises(ValueError, match="`class_shares` must be positive"):
        to_log_likelihoods(values, np.array([1.0, 0.0, 0.0]))


@pytest.mark.parametrize("prior", [default_prior(), incomplete_prior()])
def test_the_smallest_and_largest_cells_are_assigned(prior):
    for count in (1, 88):
        found = assign_cell(np.zeros((count, 24)), prior=prior)
        counts = np.bincount(found.labels, minlength=24)
        assert counts.sum() == count
        assert counts[:22].max() <= 4


@pytest.mark.parametrize("sexes", [(4, 0), (2, 2)])
@pytest.mark.parametrize("lost", [0, 1, 3, 4, 12, 22])
def test_a_tetraploid_cell_is_assigned(sexes, lost):
    labels, values = make_cell([4 - (place < lost) for place in range(22)] + list(sexes))
    found = assign_cell(values, prior=prior_of_cell(92 - lost, whole=default_prior()))
    np.testing.assert_array_equal(found.labels, labels)


def test_further_x_cost_as_much_as_further_autosomes_in_a_part():
    """Images that resemble X are no X because there are some already."""
    prior = incomplete_prior()
    third = -np.log(6 * prior.autosomes[0, 3])
    for name in prior.sexes:
        ways = math.factorial(name.count("X")) * math.factorial(name.count("Y"))
        excess = max(name.count("X") - 2, 0) + max(name.count("Y") - 1, 0)
        assert -np.log(ways * prior.sexes[name]) >= excess * 0.9 * third
    labels, values = make_cell([2] * 6 + [3] + [0] * 15 + [2, 0], certainty=20.0)
    values[labels == 6, 22] = values[labels == 6, 6] - 4.0
    np.testing.assert_array_equal(assign_cell(values, prior=prior).labels, labels)


def test_a_prior_without_the_sex_chromosomes_of_a_cell_is_refused():
    prior = CountPrior(autosomes=incomplete_prior().autosomes, sexes={"XX": 0.5, "XY": 0.5})
    with pytest.raises(ValueError, match=r"`prior` must have sex chromosomes .* 92 chrom"):
        assign_cell(np.zeros((92, 24)), prior=prior)


@pytest.mark.parametrize("sexes", [(5, 0), (4, 1)])
def test_rare_sex_complements_are_assigned(sexes):
    labels, values = make_cell([2] * 22 + list(sexes))
    found = assign_cell(values, prior=prior_of_cell(len(labels), whole=default_prior()))
    np.testing.assert_array_equal(found.labels, labels)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (np.zeros((0, 24)), "must be those of 1 to 92 chromosomes, got 0"),
        (np.zeros((93, 24)), "got 93; give the images of one cell"),
        (np.full((2, 24), np.nan), "`log_likelihoods` must be numbers, got NaN"),
    ],
)
def test_bad_cells_are_refused(values, text):
    with pytest.raises(ValueError, match=text):
        assign_cell(values, prior=default_prior())
