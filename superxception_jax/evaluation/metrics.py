"""Metrics of predictions, exact: summed in double precision and divided once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES

CALIBRATION_BINS = 15
# With fewer, chance alone makes most of the calibration error, and a temperature fits the chance.
FEWEST_CALIBRATION_IMAGES = 20


@dataclass(frozen=True)
class Metrics:
    """The metrics of a set of predictions.

    Attributes:
        count: Number of images.
        loss: Mean negative log-likelihood, nats.
        accuracy: Share of correct predictions.
        macro_f1: Mean F1 score over the classes that occur or are predicted.
        expected_calibration_error: Mean gap between confidence and accuracy; None for fewer than
            `FEWEST_CALIBRATION_IMAGES` images.
        recalls: f64[C], share of correct images of each class; NaN where a class is absent.
        confusion: i64[C,C], images by true (row) and predicted (column) class.
    """

    count: int
    loss: float
    accuracy: float
    macro_f1: float
    expected_calibration_error: float | None
    recalls: np.ndarray
    confusion: np.ndarray


def compute_metrics(log_probabilities: np.ndarray, labels: np.ndarray) -> Metrics:
    """Return all metrics of a set of predictions.

    Args:
        log_probabilities: f32[N,C], natural logarithms.
        labels: i32[N], true classes.

    Raises:
        ValueError: There is no image, or a log-probability is not a number.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017 (calibration error with
        15 equal bins).
    """
    sizes = check(log_probabilities=(log_probabilities, "f32[N,C]"), labels=(labels, "i32[N]"))
    count, classes = sizes["N"], sizes["C"]
    if count == 0 or np.isnan(log_probabilities).any():
        raise ValueError(
            f"`log_probabilities` must hold numbers for at least one image, got {count} images; "
            "check the split and the training."
        )
    predicted = log_probabilities.argmax(axis=1)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    correct = np.diag(confusion)
    return Metrics(
        count=count,
        loss=float(-log_probabilities[np.arange(count), labels].astype(np.float64).mean()),
        accuracy=float(correct.sum() / count),
        macro_f1=macro_f1(confusion),
        expected_calibration_error=supported_calibration_error(
            np.exp(log_probabilities.max(axis=1).astype(np.float64)), predicted == labels
        ),
        recalls=class_recalls(confusion),
        confusion=confusion,
    )


def macro_f1(confusion: np.ndarray) -> float:
    """Return the mean F1 score of the classes.

    Args:
        confusion: i64[C,C], images by true (row) and predicted (column) class.

    Returns:
        The mean of 2·TP / (2·TP + FP + FN); a class that neither occurs nor is predicted is left
        out.
    """
    check(confusion=(confusion, "i64[C,C]"))
    with np.errstate(invalid="ignore"):
        f1 = 2.0 * np.diag(confusion) / (confusion.sum(axis=1) + confusion.sum(axis=0))
    return float(np.nanmean(f1))


def class_recalls(confusion: np.ndarray) -> np.ndarray:
    """Return the share of correct images of each class.

    Args:
        confusion: i64[C,C], images by true (row) and predicted (column) class.

    Returns:
        f64[C]; NaN where a class is absent.
    """
    check(confusion=(confusion, "i64[C,C]"))
    with np.errstate(invalid="ignore"):
        return np.diag(confusion) / confusion.sum(axis=1)


def calibration_error(confidences: np.ndarray, correct: np.ndarray) -> float:
    """Return the expected calibration error.

    Args:
        confidences: f64[N], probability of the predicted class.
        correct: bool[N], whether the prediction is correct.

    Returns:
        The mean of |mean confidence - accuracy| over 15 equal bins, weighted by their images.

    Source: Guo et al. 2017, equation 3.
    """
    check(confidences=(confidences, "f64[N]"), correct=(correct, "bool[N]"))
    bins = np.minimum((confidences * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=confidences - correct, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidences))


def supported_calibration_error(confidences: np.ndarray, correct: np.ndarray) -> float | None:
    """Return the expected calibration error where there are enough images for one.

    Args:
        confidences: f64[N], probability of the predicted class.
        correct: bool[N], whether the prediction is correct.

    Returns:
        `calibration_error`; None for fewer than `FEWEST_CALIBRATION_IMAGES` images.
    """
    if len(correct) < FEWEST_CALIBRATION_IMAGES:
        return None
    return calibration_error(confidences, correct)


def class_shares(labels: np.ndarray) -> np.ndarray:
    """Return the share of each class among images.

    Args:
        labels: i32[N], classes of the images.

    Returns:
        f64[24], summing to 1; an absent class counts as half an image, so that no share is zero.
    """
    check(labels=(labels, "i32[N]"))
    counts = np.maximum(np.bincount(labels, minlength=len(CLASS_NAMES)), 0.5)
    return counts / counts.sum()
