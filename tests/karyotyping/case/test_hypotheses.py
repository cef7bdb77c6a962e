"""Posteriors against direct calculation on small problems."""

from __future__ import annotations

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from scipy import integrate

from superxception_jax.karyotyping.case import hypotheses as module
from superxception_jax.karyotyping.case.case_record import CaseSettings
from superxception_jax.karyotyping.case.cell_lines import candidates_of, log_change
from superxception_jax.karyotyping.case.hypotheses import (
    SHARE_STEPS,
    make_hypotheses,
    merge_empty_lines,
    share_grid,
    weigh_hypotheses,
)
from tests.karyotyping.case.case_cells import cells_of


@pytest.mark.parametrize("lines", SHARE_STEPS)
def test_shares_are_a_lattice_of_the_simplex(lines):
    grid = share_grid(lines)
    assert grid.shape == (math.comb(SHARE_STEPS[lines] + lines - 1, lines - 1), lines) or lines == 1
    np.testing.assert_allclose(grid.sum(axis=1), 1.0)
    np.testing.assert_allclose(grid.mean(axis=0), 1.0 / lines)
    assert grid.min() > 0


def test_the_posterior_is_the_integral_over_the_share():
    settings = CaseSettings()
    candidates = candidates_of(cells_of({"46,XX": 1}), settings=settings)[:3]
    evidence = np.random.default_rng(5).normal(0.0, 2.0, (6, 3))
    hypotheses = [
        one
        for one in make_hypotheses(candidates, evidence, settings=settings)
        if len(one.lines) <= 2
    ]
    logs = []
    for lines in [*itertools.combinations(range(3), 1), *itertools.combinations(range(3), 2)]:
        priors = [candidates[line].log_prior for line in lines]
        if len(lines) == 1:
            logs.append(priors[0] + math.log(1 - 0.01) + float(evidence[:, lines[0]].sum()))
            continue
        first, second = evidence[:, lines].T
        integral = integrate.quad(
            lambda share, a=first, b=second: np.prod(share * np.exp(a) + (1 - share) * np.exp(b)),
            0.0,
            1.0,
        )[0]
        change = log_change(candidates[lines[0]].counts, candidates[lines[1]].counts, settings)
        logs.append(max(priors) + math.log(0.01) + change + math.log(integral))
    exact = np.exp(logs) / np.exp(logs).sum()
    found = weigh_hypotheses(evidence, hypotheses=hypotheses)
    np.testing.assert_allclose(found.posterior, exact, rtol=2e-3)
    for row in range(len(evidence)):
        rest = weigh_hypotheses(np.delete(evidence, row, axis=0), hypotheses=hypotheses)
        np.testing.assert_allclose(np.exp(found.log_without[row]), rest.posterior, rtol=1e-9)


def test_lines_without_cells_are_merged_as_if_cell_by_cell():
    settings = CaseSettings(order="neoplastic")
    cells = cells_of({"46,XX": 3, "47,XX,+8": 1, "48,XX,+8,+21": 2})
    candidates = candidates_of(cells, settings=settings)
    evidence = np.random.default_rng(2).normal(0.0, 1.0, (6, len(candidates)))
    for row, cell in enumerate(cells):
        evidence[row, [one.counts for one in candidates].index(cell.counts)] += 6.0
    hypotheses = make_hypotheses(candidates, evidence, settings=settings)
    plain = weigh_hypotheses(evidence, hypotheses=hypotheses)
    found = merge_empty_lines(plain)

    line_of = {one.lines: places for one, places in zip(hypotheses, plain.line_of, strict=True)}
    lines_of = {frozenset(one.lines): one.lines for one in hypotheses}

    def with_cells(lines, left_out):
        kept = {lines[place] for place in np.delete(line_of[lines], left_out)}
        return lines if kept == set(lines) else with_cells(lines_of[frozenset(kept)], left_out)

    for posterior, before, left_out in (
        (found.log_posterior, plain.log_posterior, []),
        *((found.log_without[cell], plain.log_without[cell], [cell]) for cell in range(6)),
    ):
        shares = dict.fromkeys(line_of, 0.0)
        for one, share in zip(hypotheses, np.exp(before), strict=True):
            shares[with_cells(one.lines, left_out)] += share
        np.testing.assert_allclose(np.exp(posterior), list(shares.values()), rtol=1e-9)


def test_three_lines_integrate_to_the_dirichlet_multinomial():
    # Cells that fit one line each: the integral over all shares is exact.
    settings = CaseSettings(order="neoplastic")
    cells = cells_of({"46,XX": 5, "47,XX,+8": 4, "48,XX,+8,+21": 3})
    candidates = candidates_of(cells, settings=settings)
    place = {one.counts: number for number, one in enumerate(candidates)}
    evidence = np.full((12, len(candidates)), -60.0)
    for row, cell in enumerate(cells):
        evidence[row, place[cell.counts]] = 0.0
    hypotheses = make_hypotheses(candidates, evidence, settings=settings)
    three = [one for one in hypotheses if len(one.lines) == 3]
    pair = [one for one in hypotheses if len(one.lines) == 2]
    found = weigh_hypotheses(evidence, hypotheses=[*pair, *three])
    best = found.hypotheses[int(found.posterior.argmax())]
    assert {candidates[line].counts for line in best.lines} == {one.counts for one in cells}
    assert best.parents == (0, 0, 1)
    grid = share_grid(3)
    integral = np.prod(grid ** np.array([5, 4, 3]), axis=1).mean()
    exact = 2 * math.factorial(5) * math.factorial(4) * math.factorial(3) / math.factorial(14)
    assert integral == pytest.approx(exact, rel=0.03)


def test_large_cases_need_little_memory(monkeypatch):
    settings = CaseSettings()
    texts = ["46,XX", *(f"47,XX,+{number}" for number in range(1, 23))]
    candidates = candidates_of(cells_of(dict.fromkeys(texts, 1)), settings=settings)
    evidence = np.random.default_rng(6).normal(0.0, 2.0, (40, len(candidates)))
    pairs = [
        one
        for one in make_hypotheses(candidates, evidence, settings=settings)
        if len(one.lines) <= 2
    ]
    whole = weigh_hypotheses(evidence, hypotheses=pairs)
    monkeypatch.setattr(module, "_MOST_AT_ONCE", 20_000)
    tracemalloc.start()
    parts = weigh_hypotheses(evidence, hypotheses=pairs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_500_000 < len(pairs) * 40 * 40 * 8
    np.testing.assert_allclose(parts.posterior, whole.posterior, atol=1e-12)
    np.testing.assert_allclose(parts.log_without, whole.log_without, rtol=1e-12)
    np.testing.assert_array_equal(np.array(parts.line_of), np.array(whole.line_of))
