"""Exact assignment of the chromosomes of a cell to classes (Tso et al. 1991, with open counts)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from superxception_jax.arrays import check
from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, X, Y
from superxception_jax.karyotyping.prior import MOST_OF_A_CLASS, CountPrior, count_costs

# Far above any sum of log-likelihoods of a cell, and far below where doubles lose digits.
FORCE = 1e6
# Sexes that are less likely than the best one by this factor (nats) are left out of margins.
NEGLIGIBLE_NATS = 30.0


@dataclass(frozen=True)
class Assignment:
    """The most likely classes of all chromosomes of a cell together.

    Attributes:
        labels: i64[N], index in `CLASS_NAMES`.
        score: log of likelihood times prior, nats, up to a constant of the cell.
        margin: `score` minus that of the best other assignment, nats, at most
            `NEGLIGIBLE_NATS`; the confidence of the whole cell.
        marginals: f64[N,24], confidence of each class for each chromosome; rows sum to 1.
    """

    labels: np.ndarray
    score: float
    margin: float
    marginals: np.ndarray


def to_log_likelihoods(log_probabilities: np.ndarray, class_shares: np.ndarray) -> np.ndarray:
    """Turn a classifier's log-probabilities into log-likelihoods of the classes.

    Args:
        log_probabilities: f64[N,24], calibrated.
        class_shares: f64[24], of the images that the classifier was trained on.

    Returns:
        f64[N,24], up to a constant of each image.

    Raises:
        ValueError: a share is not positive.

    Source: Bayes; the rare Y is otherwise counted as rare twice.
    """
    check(log_probabilities=(log_probabilities, "f64[N,C]"), class_shares=(class_shares, "f64[C]"))
    if not (class_shares > 0).all():
        raise ValueError(
            f"`class_shares` must be positive, got {class_shares.tolist()}; "
            "train on images of all classes."
        )
    return log_probabilities - np.log(class_shares)


def assign_cell(log_likelihoods: np.ndarray, *, prior: CountPrior) -> Assignment:
    """Find the most likely classes of all chromosomes of a cell.

    The sex chromosomes are tried complement by complement. With one complement given, this is
    a transportation problem: each copy of an autosome costs what it adds to `count_costs`, and
    since these costs grow from copy to copy, the cheapest solution fills them in order.

    The marginals are max-marginals, normalised: each entry is the likelihood of the best
    assignment with that chromosome in that class, exactly. They approximate the sums over all
    assignments, whose exact computation is a permanent.

    Args:
        log_likelihoods: f64[N,24], N from 1 to 88 and the sex chromosomes.
        prior: of the counts.

    Returns:
        The assignment. Of equally likely ones, any.

    Raises:
        ValueError: there are no chromosomes, more than places, or a value is no number.

    Source: Tso, Kleinschmidt, Mitterreiter, Graham 1991 (fixed counts); counts as costs are ours.
    """
    count = check(log_likelihoods=(log_likelihoods, f"f64[N,{len(CLASS_NAMES)}]"))["N"]
    most = AUTOSOMES * MOST_OF_A_CLASS
    if not 1 <= count <= most or np.isnan(log_likelihoods).any():
        raise ValueError(
            f"`log_likelihoods` must be numbers of 1 to {most} chromosomes, got {count}; "
            "give the images of one cell."
        )
    problems = _problems(log_likelihoods, prior)
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


def assignment_score(
    labels: np.ndarray, log_likelihoods: np.ndarray, *, prior: CountPrior
) -> float:
    """Compute the log of likelihood times prior of any assignment.

    Args:
        labels: i64[N].
        log_likelihoods: f64[N,24].
        prior: of the counts.

    Returns:
        Nats, on the scale of `Assignment.score`; -inf for counts that the prior doesn't know.

    Source: the definition that `assign_cell` maximises.
    """
    check(labels=(labels, "i64[N]"), log_likelihoods=(log_likelihoods, "f64[N,C]"))
    counts = np.bincount(labels, minlength=len(CLASS_NAMES))
    sex = "X" * counts[X] + "Y" * counts[Y]
    if counts[:AUTOSOMES].max() > MOST_OF_A_CLASS or sex not in prior.sexes:
        return -math.inf
    costs = count_costs(prior.autosomes)[np.arange(AUTOSOMES), counts[:AUTOSOMES]].sum()
    likelihood = log_likelihoods[np.arange(len(labels)), labels].sum()
    return float(likelihood - costs - _sex_cost(sex, prior))


@dataclass(frozen=True)
class _Problem:
    """The assignment with the sex complement given.

    Attributes:
        costs: f64[N,24], of each chromosome in each class.
        steps: f64[22,4], what the n-th chromosome of an autosome adds.
        sex: number of X and Y.
        constant: cost that every solution has.
    """

    costs: np.ndarray
    steps: np.ndarray
    sex: tuple[int, int]
    constant: float

    def solve(self) -> tuple[np.ndarray, float]:
        """Return labels and score."""
        forced = sum(self.sex)
        classes = np.concatenate(
            [np.repeat(np.arange(AUTOSOMES), MOST_OF_A_CLASS), np.repeat((X, Y), self.sex)]
        )
        # The sex chromosomes' places must be filled.
        places = np.concatenate([self.steps.ravel(), np.full(forced, -FORCE)])
        costs = self.costs[:, classes] + places
        rows, columns = linear_sum_assignment(costs)
        cost = costs[rows, columns].sum() + forced * FORCE
        return classes[columns], float(-cost - self.constant)

    def max_marginals(self, labels: np.ndarray, score: float) -> np.ndarray:
        """Return f64[N,24], the score of the best assignment with i in class c.

        Moving one chromosome into a class is mended by a chain of others that move on, until one
        goes to the class that was left, or the counts of two classes change by one. Chains are
        paths in a small graph: the classes, and a pool that stands for "one more" and "one
        less". The solution is optimal, so the graph has no negative cycle, and the shortest
        path is the cheapest way to mend.
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


def _problems(log_likelihoods: np.ndarray, prior: CountPrior) -> list[_Problem]:
    table = count_costs(prior.autosomes)
    costs = -np.maximum(log_likelihoods, -FORCE / 1e3)
    return [
        _Problem(
            costs=costs,
            steps=np.diff(table, axis=1),
            sex=(sex.count("X"), sex.count("Y")),
            constant=float(table[:, 0].sum()) + _sex_cost(sex, prior),
        )
        for sex in prior.sexes
        if len(sex) <= len(log_likelihoods) <= len(sex) + AUTOSOMES * MOST_OF_A_CLASS
    ]


def _sex_cost(sex: str, prior: CountPrior) -> float:
    ways = math.factorial(sex.count("X")) * math.factorial(sex.count("Y"))
    return -math.log(prior.sexes[sex] * ways)
