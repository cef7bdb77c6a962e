"""Temperature scaling, so that confidences match accuracies (Guo et al. 2017)."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar

from superxception_jax.arrays import check

# Range of the search; beyond it probabilities are nearly one-hot or nearly uniform.
COLDEST, HOTTEST = 0.05, 20.0
# Spread of the logarithm of temperatures before any image is seen, around no scaling at all. Fifty
# images that are all classified correctly say that a network is good, but not that it is never
# wrong, which is what they would lead to alone. Chosen on cells of a laboratory that no test
# reports; a half or twice as much does nearly as well there, and thousands of images outweigh it.
PRIOR_LOG_SD = 0.5


def fit_temperature(log_probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the most probable temperature, given the true classes.

    Args:
        log_probabilities: f32[N,C], log-probabilities of images used neither for training nor
            for testing.
        labels: i32[N], true classes.

    Returns:
        The temperature; above 1 for an over-confident network.

    Raises:
        ValueError: There are no images.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2; here with
        the prior of `PRIOR_LOG_SD`, without which the temperature of few images has no lower limit.
    """
    count = check(log_probabilities=(log_probabilities, "f32[N,C]"), labels=(labels, "i32[N]"))["N"]
    if count == 0:
        raise ValueError("`labels` must not be empty, got no images; check the validation split.")
    rows = np.arange(count)

    def loss(log_temperature: float) -> float:
        scaled = apply_temperature(log_probabilities, math.exp(log_temperature))
        surprise = -float(scaled[rows, labels].astype(np.float64).sum())
        return surprise + 0.5 * (log_temperature / PRIOR_LOG_SD) ** 2

    found = minimize_scalar(loss, bounds=(math.log(COLDEST), math.log(HOTTEST)), method="bounded")
    return math.exp(float(found.x))


def apply_temperature(log_probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return log-probabilities whose logits are divided by a temperature.

    Args:
        log_probabilities: f32[N,C], which are logits up to a constant of each row.
        temperature: Temperature, above 0.

    Returns:
        f32[N,C], calibrated log-probabilities.

    Raises:
        ValueError: The temperature is not above 0.

    Source: Guo et al. 2017, equation 9.
    """
    check(log_probabilities=(log_probabilities, "f32[N,C]"))
    if not temperature > 0:
        raise ValueError(f"`temperature` must be above 0, got {temperature}; fit it again.")
    scaled = log_probabilities.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return scaled.astype(np.float32)


def reliability(
    confidences: np.ndarray, correct: np.ndarray, *, bins: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the points of a reliability diagram: confidence and accuracy by bin.

    Args:
        confidences: f64[N], probability of the predicted class.
        correct: bool[N], whether the predicted class is correct.
        bins: Number of bins of equal width.

    Returns:
        Number of images i64[bins], mean confidence f64[bins] and accuracy f64[bins]; NaN in
        empty bins.

    Source: Guo et al. 2017, section 2.
    """
    check(confidences=(confidences, "f64[N]"), correct=(correct, "bool[N]"))
    index = np.minimum((confidences * bins).astype(int), bins - 1)
    counts = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = np.bincount(index, weights=confidences, minlength=bins) / counts
        accuracies = np.bincount(index, weights=correct, minlength=bins) / counts
    return counts, means, accuracies
