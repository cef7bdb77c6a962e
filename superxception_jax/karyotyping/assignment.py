"""Exact assignment of the chromosomes of a cell to classes, with open chromosome counts."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from superxception_jax.arrays import check
from superxception_jax.chromosomes import (
    AUTOSOMES,
    CLASS_NAMES,
    MOST_CHROMOSOMES,
    MOST_OF_A_CLASS,
    X,
    Y,
)
from superxception_jax.karyotyping.prior import CountPrior

# Far above any sum of log-likelihoods of a cell, and small enough for exact sums in doubles.
FORCE = 1e6
# Sex complements less likely than the best one by more than this are left out of the marginals.
NEGLIGIBLE_NATS = 30.0
# Far above the errors of rounding of a score.
_ROUNDING_NATS = 1e-6


@dataclass(frozen=True)
class Assignment:
    """The jointly most likely classes of all chromosomes of a cell.

    Attributes:
        labels: i64[N], assigned classes, indices in `CLASS_NAMES`.
        score: Log of likelihood times prior, nats, up to a constant of the cell.
        margin: Log odds against the second-best assignment, nats, at most `NEGLIGIBLE_NATS`; the
            confidence in the cell as a whole.
        marginals: f64[N,24], probability of each class for each chromosome given the whole cell;
            rows sum to 1.
    """

    labels: np.ndarray
    score: float
    margin: float
    marginals: np.ndarray


def to_log_likelihoods(log_probabilities: np.ndarray, class_shares: np.ndarray) -> np.ndarray:
    """Return the log-likelihoods of the classes, without the class shares of the training.

    A classifier learns that a Y is rare, and so does the prior of a cell; without this division
    its rarity would count twice.

    Args:
        log_probabilities: f64[N,24], calibrated log-probabilities.
        class_shares: f64[24], share of each class among the training images.

    Returns:
        f64[N,24], log-likelihoods, up to a constant of each image.

    Raises:
        ValueError: A share is not positive.
    """
    check(log_probabilities=(log_probabilities, "f64[N,C]"), class_shares=(class_shares, "f64[C]"))
    if not (class_shares > 0).all():
        raise ValueError(
            f"`class_shares` must be positive, got {class_shares.tolist()}; "
            "train on images of all classes."
        )
    return log_probabilities - np.log(class_shares)


def assign_cell(log_likelihoods: np.ndarray, *, prior: CountPrior) -> Assignment:
    """Return the jointly most likely classes of all chromosomes of a cell.

    All sex complements are tried in turn. For a given complement this is a transportation
    problem: each further copy of an autosome costs what it adds to `count_costs`, and as these
    costs grow from copy to copy, the cheapest solution uses them in order.

    The marginals are normalised max-marginals: each entry is exactly the likelihood of the best
    assignment with that chromosome in that class. They approximate the sums over all
    assignments, which could only be computed as permanents.

    Args:
        log_likelihoods: f64[N,24], N from 1 to 92.
        prior: Prior of the chromosome counts.

    Returns:
        The assignment; any of several equally likely ones.

    Raises:
        ValueError: There are no chromosomes, more than 92 or more than the prior allows, or a
            value is NaN.

    Source: Tso, Kleinschmidt, Mitterreiter, Graham 1991, extended from fixed counts to a prior.
    """
    count = check(log_likelihoods=(log_likelihoods, f"f64[N,{len(CLASS_NAMES)}]"))["N"]
    if not 1 <= count <= MOST_CHROMOSOMES:
        raise ValueError(
            f"`log_likelihoods` must be those of 1 to {MOST_CHROMOSOMES} chromosomes, got {count}; "
            "give the images of one cell."
        )
    if np.isnan(log_likelihoods).any():
        raise ValueError("`log_likelihoods` must be numbers, got NaN; check the network.")
    costs = _class_costs(log_likelihoods)
    problems = [_problem(costs, prior, sex) for sex in prior.sexes if _fits(sex, count)]
    if not problems:
        raise ValueError(
            f"`prior` must have sex chromosomes with which a cell can have {count} chromosomes, "
            f"got {sorted(prior.sexes)}; use `prior_of_cell`."
        )
    solved = [(problem, *problem.solve()) for problem in problems]
    labels, score = max(((labels, score) for _, labels, score in solved), key=lambda one: one[1])
    best = np.full(log_likelihoods.shape, -np.inf)
    for problem, own_labels, own_score in solved:
        if own_score > score - NEGLIGIBLE_NATS:
            best = np.maximum(best, problem.max_marginals(own_labels, own_score))
    best = np.maximum(best, score - 2 * NEGLIGIBLE_NATS)
    others = best.copy()
    others[np.arange(count), labels] = -np.inf
    shares = np.exp(best - best.max(axis=1, keepdims=True))
    return Assignment(
        labels=labels,
        score=score,
        margin=float(min(score - others.max(), NEGLIGIBLE_NATS)),
        marginals=shares / shares.sum(axis=1, keepdims=True),
    )


def best_assignment(log_likelihoods: np.ndarray, *, prior: CountPrior) -> tuple[np.ndarray, float]:
    """Return the most likely assignment alone, without its margin and marginals.

    Args:
        log_likelihoods: f64[N,24], log-likelihoods of the classes of 1 to 92 chromosomes.
        prior: Prior of the chromosome counts.

    Returns:
        Labels i64[N] and score as of `assign_cell`; sex complements that can't reach that score
        are not tried.
    """
    check(log_likelihoods=(log_likelihoods, f"f64[N,{len(CLASS_NAMES)}]"))
    costs = _class_costs(log_likelihoods)
    # No score is higher than if each chromosome had its best class, and every autosome its most
    # probable count, but for the sex chromosomes: as many as there are, those that gain most.
    best = costs[:, :AUTOSOMES].min(axis=1)
    gains = np.sort(best[:, None] - costs[:, [X, Y]], axis=0)[::-1].cumsum(axis=0)
    gains_of_x, gains_of_y = np.pad(gains, ((1, 0), (0, 0))).T.tolist()
    most = -float(best.sum() + prior.costs.min(axis=1).sum())
    labels, score = np.zeros(0, np.int64), -math.inf
    for sex, sex_cost in prior.sex_costs.items():
        if not _fits(sex, len(costs)):
            continue
        reached = most + gains_of_x[sex.count("X")] + gains_of_y[sex.count("Y")] - sex_cost
        if reached + _ROUNDING_NATS > score:
            solved = _problem(costs, prior, sex).solve()
            labels, score = max((labels, score), solved, key=lambda one: one[1])
    return labels, score


@dataclass(frozen=True)
class _Problem:
    """The assignment for a given sex complement.

    Attributes:
        costs: f64[N,24], cost of each chromosome in each class.
        steps: f64[22,4], cost that the n-th copy of each autosome adds.
        sex: Numbers of X and Y chromosomes.
        constant: Cost common to all solutions.
    """

    costs: np.ndarray
    steps: np.ndarray
    sex: tuple[int, int]
    constant: float

    def solve(self) -> tuple[np.ndarray, float]:
        """Return labels and score."""
        forced = sum(self.sex)
        classes = _classes_of(self.sex)
        # The places of the sex chromosomes must be filled.
        places = np.concatenate([self.steps.ravel(), np.full(forced, -FORCE)])
        costs = self.costs[:, classes] + places
        rows, columns = linear_sum_assignment(costs)
        cost = costs[rows, columns].sum() + forced * FORCE
        return classes[columns], float(-cost - self.constant)

    def max_marginals(self, labels: np.ndarray, score: float) -> np.ndarray:
        """Return f64[N,24], the score of the best assignment with chromosome i in class c.

        After one chromosome is moved into a class, a chain of further moves restores the counts:
        it ends in the class that the first one left, or it changes the counts of two classes by
        one. Chains are paths in a small graph of the classes and one more node for "one copy
        more" and "one copy less". As the solution is optimal, the graph has no negative cycle,
        and its shortest paths are the cheapest chains.
        """
        classes = len(CLASS_NAMES)
        moves = self.costs - self.costs[np.arange(len(labels)), labels][:, None]
        graph = np.full((classes + 1, classes + 1), np.inf)
        for label in np.unique(labels):
            graph[label, :classes] = moves[labels == label].min(axis=0)
        counts = np.bincount(labels, minlength=classes)[:AUTOSOMES]
        room, filled = counts < MOST_OF_A_CLASS, counts > 0
        autosomes = np.arange(AUTOSOMES)
        graph[:AUTOSOMES, -1][room] = self.steps[autosomes[room], counts[room]]
        graph[-1, :AUTOSOMES][filled] = -self.steps[autosomes[filled], counts[filled] - 1]
        np.fill_diagonal(graph, 0.0)
        for middle in range(classes + 1):
            graph = np.minimum(graph, graph[:, middle, None] + graph[None, middle])
        return score - (moves + graph[:classes, :classes].T[labels])


def _class_costs(log_likelihoods: np.ndarray) -> np.ndarray:
    return -np.maximum(log_likelihoods, -FORCE / 1e3)


def _fits(sex: str, count: int) -> bool:
    """Return whether a cell of so many chromosomes can have a sex complement."""
    return len(sex) <= count <= len(sex) + AUTOSOMES * MOST_OF_A_CLASS


def _problem(costs: np.ndarray, prior: CountPrior, sex: str) -> _Problem:
    return _Problem(
        costs=costs,
        steps=prior.steps,
        sex=(sex.count("X"), sex.count("Y")),
        constant=float(prior.costs[:, 0].sum()) + prior.sex_costs[sex],
    )


@functools.cache
def _classes_of(sex: tuple[int, int]) -> np.ndarray:
    """Return the class of each place of an assignment: four of each autosome, and the sex."""
    return np.concatenate(
        [np.repeat(np.arange(AUTOSOMES), MOST_OF_A_CLASS), np.repeat((X, Y), sex)]
    )
