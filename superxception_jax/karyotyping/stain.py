"""Whether the bands of a cell are of a kind that a network knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class KnownStain:
    """How cells of the stain that a network knows look to it, fitted on validation cells.

    Attributes:
        threshold: Score above which a cell counts as foreign.
    """

    threshold: float


def stain_score(log_probabilities: np.ndarray, *, known: KnownStain) -> float:
    """Return how unlike the known stain a cell looks; above 0 it counts as foreign.

    Args:
        log_probabilities: f64[N,24], calibrated log-probabilities of the images of a cell.
        known: What the network knows.
    """
    return float(-log_probabilities.max(axis=1).mean() - known.threshold)
