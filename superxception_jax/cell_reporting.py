"""The part of a run's report on calibrated probabilities and whole cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.metrics import compute_metrics
from superxception_jax.evaluation.statistics import bootstrap_interval
from superxception_jax.experiment import Experiment
from superxception_jax.karyotyping.assignment import to_log_likelihoods
from superxception_jax.karyotyping.calibration import apply_temperature
from superxception_jax.karyotyping.cell_metrics import CellResults, assign_cells
from superxception_jax.karyotyping.polarity import separate_polarity
from superxception_jax.karyotyping.prior import default_prior
from superxception_jax.setup import Setup, predict_images

# The protocols in which no cell is divided between the parts of a split.
WHOLE_CELLS = ("cells", "poletti", "cases")


def class_shares(train: Chromosomes) -> np.ndarray:
    """Compute the shares of the classes among the training images.

    Args:
        train: the training images.

    Returns:
        f64[24], each at least half an image, so that none is zero.
    """
    counts = np.maximum(np.bincount(train.labels, minlength=len(CLASS_NAMES)), 0.5)
    return counts / counts.sum()


def calibrated_values(
    log_probabilities: np.ndarray, labels: np.ndarray, *, temperature: float
) -> dict[str, Any]:
    """Say what a temperature does to the probabilities of a split.

    Args:
        log_probabilities: f32[N,24], not calibrated.
        labels: i32[N].
        temperature: fitted on the validation images.

    Returns:
        JSON values: `temperature`, and after it `loss` and `expected_calibration_error`.
    """
    metrics = compute_metrics(apply_temperature(log_probabilities, temperature), labels)
    return {
        "temperature": temperature,
        "fitted_on": "validation",
        "loss": metrics.loss,
        "expected_calibration_error": metrics.expected_calibration_error,
    }


def polarity_values(
    setup: Setup, variables: Mapping[str, Any], part: Chromosomes
) -> dict[str, dict[str, float]]:
    """Say how well class and polarity are read, of upright and of randomly turned images.

    Args:
        setup: of a network that reads polarity.
        variables: of the network.
        part: the images, all upright.

    Returns:
        JSON values by `upright` and `turned_at_random`: `accuracy` of the classes and
        `polarity_accuracy`. Upright ones are read with the config's share of turned images,
        turned ones with one half.
    """
    turned = np.random.default_rng(setup.experiment.seed).random(len(part.labels)) < 0.5
    mixed = np.where(turned[:, None, None, None], part.images[:, ::-1, ::-1], part.images)
    values = {}
    for name, images, truth, share in (
        ("upright", part.images, np.zeros_like(turned), setup.experiment.turned_share),
        ("turned_at_random", mixed, turned, 0.5),
    ):
        outputs = predict_images(setup, variables, images, bar=None)
        classes, probability = separate_polarity(outputs, turned_share=share)
        values[name] = {
            "accuracy": float((classes.argmax(axis=1) == part.labels).mean()),
            "polarity_accuracy": float(((probability > 0.5) == truth).mean()),
        }
    return values


def assign_part(
    log_probabilities: np.ndarray, part: Chromosomes, *, temperature: float, shares: np.ndarray
) -> CellResults:
    """Assign all cells of a split of whole cells.

    Args:
        log_probabilities: f32[N,24], not calibrated.
        part: the N images.
        temperature: fitted on the validation images.
        shares: f64[24], see `class_shares`.

    Returns:
        The assigned cells.
    """
    calibrated = apply_temperature(log_probabilities, temperature).astype(np.float64)
    likelihoods = to_log_likelihoods(calibrated, shares)
    return assign_cells(likelihoods, part.labels, part.cells, prior=default_prior())


def cell_values(found: CellResults, part: Chromosomes, *, experiment: Experiment) -> dict[str, Any]:
    """Turn the results of whole cells into JSON values.

    Args:
        found: of the split.
        part: its images.
        experiment: for the interval.

    Returns:
        `accuracy` of the images after assignment with its interval, `cells`, and the shares of
        cells with everything, the sex and all counts right.
    """
    correct = found.labels == part.labels
    interval = bootstrap_interval(
        correct,
        part.cells,
        resamples=experiment.bootstrap_resamples,
        level=experiment.confidence_level,
        seed=experiment.seed,
    )
    return {
        "accuracy": float(correct.mean()),
        "accuracy_interval": list(interval),
        "cells": len(found.cells),
        "entirely_right": float(found.right.mean()),
        "sex_right": float(found.sex_right.mean()),
        "counts_right": float(found.counts_right.mean()),
    }


def assigned_csv(found: CellResults, log_probabilities: np.ndarray, part: Chromosomes) -> str:
    """Write true, read and assigned class of every image as a line.

    Args:
        found: of the split.
        log_probabilities: f32[N,24].
        part: its images.

    Returns:
        CSV: name, cell, class, predicted, assigned.
    """
    rows = zip(
        part.names,
        part.cells,
        part.labels,
        log_probabilities.argmax(axis=1),
        found.labels,
        strict=True,
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "cell", "class", "predicted", "assigned"])
    writer.writerows(
        [name, cell, *(CLASS_NAMES[label] for label in labels)] for name, cell, *labels in rows
    )
    return text.getvalue()
