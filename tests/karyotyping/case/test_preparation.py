"""The evidence of a cell for a cell line."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from superxception_jax.karyotyping import assignment
from superxception_jax.karyotyping import prior as count_prior
from superxception_jax.karyotyping.assignment import assign_cell, best_assignment
from superxception_jax.karyotyping.case.case_record import CaseCell, CaseSettings
from superxception_jax.karyotyping.case.conclude import weigh_cells
from superxception_jax.karyotyping.case.preparation import (
    MOST_SHOWN,
    counts_by_likelihood,
    evidence_of_cell,
    evidence_of_counts,
    log_shown,
    preparation_prior,
)
from superxception_jax.karyotyping.prior import (
    LOST_IN_PREPARATION,
    constitutional_prior,
    default_prior,
)
from tests.karyotyping.assignment_score import assignment_score
from tests.karyotyping.case.case_cells import likelihoods_of
from tests.karyotyping.formulas import parse_iscn

RATES = {"lost": 1e-3, "gained": 4e-5}


@pytest.mark.parametrize("count", range(MOST_SHOWN + 1))
def test_what_a_cell_shows_is_a_distribution(count):
    shown = np.exp(log_shown(count, **RATES))
    assert shown.sum() == pytest.approx(1.0)
    assert shown.argmax() == count
    if 0 < count < MOST_SHOWN:
        assert shown[count - 1] == pytest.approx(count * 1e-3, rel=0.01)
        assert shown[count + 1] == pytest.approx(4e-5, rel=0.01)


@pytest.mark.parametrize("text", ["46,XX", "47,XXY", "45,X", "48,XX,+21,+21", "44,XX,-7,-7"])
def test_the_prior_of_a_line_is_convex_and_prefers_its_own_counts(text):
    prior = preparation_prior(parse_iscn(text), **RATES)  # Checks itself.
    sexes = "X" * parse_iscn(text)[22] + "Y" * parse_iscn(text)[23]
    assert max(prior.sexes, key=lambda name: prior.sexes[name]) == sexes
    assert prior.autosomes.argmax(axis=1).tolist() == list(parse_iscn(text)[:22])


def test_the_evidence_is_the_best_of_all_assignments():
    # Four chromosomes that can be one of three classes: all 81 assignments are tried.
    generator = np.random.default_rng(3)
    classes = (6, 20, 22)
    likely = np.full((4, 24), -500.0)
    likely[:, classes] = generator.normal(0.0, 3.0, (4, 3))
    for text in ("46,XX", "47,XX,+21", "45,X"):
        prior = preparation_prior(parse_iscn(text), **RATES)
        best = max(
            assignment_score(np.array(labels), likely, prior=prior)
            for labels in itertools.product(classes, repeat=4)
        )
        assert evidence_of_cell(likely, parse_iscn(text), **RATES) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_score_is_that_of_the_assignment(seed):
    generator = np.random.default_rng(seed)
    likely = np.log(generator.dirichlet(np.full(24, 0.2), size=int(generator.integers(30, 50))))
    for prior in (default_prior(), preparation_prior(parse_iscn("47,XXY"), **RATES)):
        labels, score = best_assignment(likely, prior=prior)
        expected = assign_cell(likely, prior=prior)
        assert score == pytest.approx(expected.score)
        np.testing.assert_array_equal(labels, expected.labels)


def test_cells_are_weighed_with_one_table_of_costs_per_line(monkeypatch):
    settings, asked, solved = CaseSettings(), [], []

    def count_costs(autosomes, _count=count_prior.count_costs):
        asked.append(autosomes)
        return _count(autosomes)

    def solve(problem, _solve=assignment._Problem.solve):
        solved.append(problem.sex)
        return _solve(problem)

    monkeypatch.setattr(count_prior, "count_costs", count_costs)
    monkeypatch.setattr(assignment._Problem, "solve", solve)
    preparation_prior.cache_clear()
    texts = ["46,XX", "46,XX", "47,XX,+8", "47,XX,+8", "45,X"]
    cells = [CaseCell(text, parse_iscn(text)) for text in texts]
    likely = [likelihoods_of(text, seed=seed) for seed, text in enumerate(texts)]
    _, evidence = weigh_cells(cells, likely, settings)
    assert len(asked) <= preparation_prior.cache_info().misses <= evidence.shape[1] + 1
    # Most sex complements can't win and are not tried.
    assert len(solved) < 3 * (evidence.size + len(cells))


def test_clear_images_give_the_evidence_of_their_counts():
    # Up to a constant of the cell, so differences between lines are compared.
    texts = ["46,XX", "47,XX,+21", "45,XX,-7", "47,XXX"]
    for shown in texts:
        likely = likelihoods_of(shown, certainty=40.0)
        clear = [evidence_of_cell(likely, parse_iscn(text), **RATES) for text in texts]
        counted = [
            evidence_of_counts(parse_iscn(shown), parse_iscn(text), **RATES) for text in texts
        ]
        np.testing.assert_allclose(
            np.array(clear) - clear[0], np.array(counted) - counted[0], atol=1e-3
        )


def test_the_constitutional_prior_leaves_out_what_preparation_loses():
    whole = default_prior()
    own = constitutional_prior(whole)
    np.testing.assert_allclose(whole.autosomes[:, 1], 2 * LOST_IN_PREPARATION)
    assert (own.autosomes[:, 1] < 1e-4).all()
    np.testing.assert_allclose(own.autosomes[:, 3], whole.autosomes[:, 3])
    assert own.sexes == whole.sexes


def test_a_rare_trisomy_is_seen_where_the_prior_of_single_cells_hides_it():
    likely = likelihoods_of("47,XX,+8")
    eights = np.flatnonzero(likely.argmax(axis=1) == 7)
    likely[eights[0], 22] = likely[eights[0], 7] - 2.0  # An 8 that looks like an X, a little less.
    called = assign_cell(likely, prior=default_prior()).labels
    assert np.bincount(called, minlength=24)[22] == 3
    shown = counts_by_likelihood(likely, parse_iscn("46,XX"), **RATES)
    assert shown == parse_iscn("47,XX,+8")


def test_lines_that_no_cell_can_have_are_refused():
    with pytest.raises(ValueError, match="at most 4 of an autosome"):
        preparation_prior((5,) + (2,) * 23, **RATES)
    with pytest.raises(ValueError, match="`count` must be between"):
        log_shown(MOST_SHOWN + 1, **RATES)
