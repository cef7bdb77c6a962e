"""The score of any assignment, which `assign_cell` maximises."""

from __future__ import annotations

import math

import numpy as np

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, MOST_OF_A_CLASS, X, Y
from superxception_jax.karyotyping.prior import CountPrior, count_costs


def assignment_score(
    labels: np.ndarray, log_likelihoods: np.ndarray, *, prior: CountPrior
) -> float:
    """Return the log of likelihood times prior; -inf for counts that the prior excludes."""
    counts = np.bincount(labels, minlength=len(CLASS_NAMES))
    sex = "X" * counts[X] + "Y" * counts[Y]
    if counts[:AUTOSOMES].max() > MOST_OF_A_CLASS or sex not in prior.sexes:
        return -math.inf
    ways = math.factorial(counts[X]) * math.factorial(counts[Y])
    costs = count_costs(prior.autosomes)[np.arange(AUTOSOMES), counts[:AUTOSOMES]].sum()
    likelihood = log_likelihoods[np.arange(len(labels)), labels].sum()
    return float(likelihood - costs + math.log(prior.sexes[sex] * ways))
