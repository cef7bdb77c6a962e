"""What a preparation shows of a cell line: chromosomes are lost, and rarely there is one more."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import numpy as np

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, MOST_OF_A_CLASS, X, Y
from superxception_jax.karyotyping.assignment import best_assignment
from superxception_jax.karyotyping.prior import CountPrior

# Most chromosomes of a class that a cell is expected to show.
MOST_SHOWN = 8
# Sex complements that are rarer than this in the cells of a line are not tried.
_NEGLIGIBLE = 1e-14


@functools.lru_cache(maxsize=1024)
def log_shown(count: int, *, lost: float, gained: float) -> tuple[float, ...]:
    """Return the log-probability of each number of chromosomes of a class that a cell may show.

    Each chromosome is lost with a small probability, independently. A gain is much rarer; further
    gains are each as rare as the first, in such a way that the costs of an assignment stay convex.

    Args:
        count: Number of chromosomes of the class in the cell line, at most `MOST_SHOWN`.
        lost: Probability that a chromosome is lost.
        gained: Probability of one chromosome too many.

    Returns:
        Logarithms for 0 to `MOST_SHOWN` chromosomes; their exponentials sum to 1.

    Raises:
        ValueError: The count is out of this range.
    """
    if not 0 <= count <= MOST_SHOWN:
        raise ValueError(
            f"`count` must be between 0 and {MOST_SHOWN}, got {count}; leave the cell line out."
        )
    logs = []
    for shown in range(MOST_SHOWN + 1):
        kept, more = min(shown, count), max(shown - count, 0)
        log = math.log(math.comb(count, kept)) + kept * math.log1p(-lost)
        log += (count - kept) * math.log(lost) + more * math.log(gained * (count + 1))
        logs.append(log + math.lgamma(count + 1) - math.lgamma(count + more + 1))
    total = math.log(sum(map(math.exp, logs)))
    return tuple(log - total for log in logs)


def evidence_of_counts(
    shown: Sequence[int], counts: Sequence[int], *, lost: float, gained: float
) -> float:
    """Return the log-probability that a cell of a line shows certain counts.

    Args:
        shown: i[24], counts of the cell; more than `MOST_SHOWN` of a class count as so many.
        counts: i[24], counts of the cell line.
        lost: Probability that a chromosome is lost.
        gained: Probability of one chromosome too many.

    Returns:
        The log-probability, nats.
    """
    return sum(
        log_shown(count, lost=lost, gained=gained)[min(found, MOST_SHOWN)]
        for found, count in zip(shown, counts, strict=True)
    )


@functools.lru_cache(maxsize=4096)
def preparation_prior(counts: tuple[int, ...], *, lost: float, gained: float) -> CountPrior:
    """Return the prior of the chromosome counts of a cell of a line.

    Args:
        counts: i[24], counts of the cell line, at most 4 of an autosome.
        lost: Probability that a chromosome is lost.
        gained: Probability of one chromosome too many.

    Returns:
        The prior, for `assignment`.

    Raises:
        ValueError: There are more than 4 of an autosome.
    """
    if len(counts) != len(CLASS_NAMES) or max(counts[:AUTOSOMES]) > MOST_OF_A_CLASS:
        raise ValueError(
            f"`counts` must be {len(CLASS_NAMES)} numbers, at most {MOST_OF_A_CLASS} of an "
            f"autosome, got {list(counts)}; leave the cell line out."
        )
    logs = [log_shown(count, lost=lost, gained=gained) for count in counts]
    table = np.exp([row[: MOST_OF_A_CLASS + 1] for row in logs[:AUTOSOMES]])
    sexes = {
        "X" * x + "Y" * y: probability
        for x, y in itertools.product(range(MOST_SHOWN + 1), repeat=2)
        if (probability := math.exp(logs[X][x] + logs[Y][y])) > _NEGLIGIBLE
    }
    total = sum(sexes.values())
    return CountPrior(
        autosomes=table / table.sum(axis=1, keepdims=True),
        sexes={name: probability / total for name, probability in sexes.items()},
    )


def evidence_of_cell(
    log_likelihoods: np.ndarray, counts: tuple[int, ...], *, lost: float, gained: float
) -> float:
    """Return the log evidence of a cell for a cell line.

    It is the score of the best assignment of the cell, if it comes from that line: an exact
    maximum, where the sum over all assignments could only be computed as a permanent.

    Args:
        log_likelihoods: f64[N,24] of the chromosomes of the cell.
        counts: i[24], counts of the cell line.
        lost: Probability that a chromosome is lost.
        gained: Probability of one chromosome too many.

    Returns:
        The log evidence, nats, up to a constant of the cell.
    """
    prior = preparation_prior(tuple(counts), lost=lost, gained=gained)
    return best_assignment(log_likelihoods, prior=prior)[1]


def counts_by_likelihood(
    log_likelihoods: np.ndarray, counts: tuple[int, ...], *, lost: float, gained: float
) -> tuple[int, ...]:
    """Return what a cell shows if all gains are equally probable, and all losses.

    The prior of single cells prefers frequent trisomies and sex complements, so that a rare
    trisomy may be called 47,XXX in cell after cell, and would never be considered.

    Args:
        log_likelihoods: f64[N,24] of the chromosomes of the cell.
        counts: i[24], normal counts of the patient.
        lost: Probability that a chromosome is lost.
        gained: Probability of one chromosome too many.

    Returns:
        i[24], counts of the best assignment.
    """
    prior = preparation_prior(tuple(counts), lost=lost, gained=gained)
    labels, _ = best_assignment(log_likelihoods, prior=prior)
    return tuple(np.bincount(labels, minlength=len(CLASS_NAMES)).tolist())
