"""Whole cells of a split: assigned, compared with the truth, and as a table."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES, X, Y
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.metrics import compute_metrics
from superxception_jax.evaluation.statistics import bootstrap_interval
from superxception_jax.karyotyping.assignment import assign_cell, to_log_likelihoods
from superxception_jax.karyotyping.calibration import apply_temperature
from superxception_jax.karyotyping.prior import CountPrior, default_prior

# The protocols in which no cell is divided between the parts of a split.
WHOLE_CELLS = ("cells", "poletti", "cases")


@dataclass(frozen=True)
class CellResults:
    """The assigned classes of all cells of a split.

    Attributes:
        labels: i64[N], assigned class of each image.
        cells: M names.
        margins: f64[M], of each cell, nats.
        right: bool[M], whether all its chromosomes are right.
        sex_right: bool[M], whether its numbers of X and Y are right.
        counts_right: bool[M], whether the numbers of all its classes are right.
    """

    labels: np.ndarray
    cells: tuple[str, ...]
    margins: np.ndarray
    right: np.ndarray
    sex_right: np.ndarray
    counts_right: np.ndarray


def assign_cells(
    log_likelihoods: np.ndarray, labels: np.ndarray, cells: np.ndarray, *, prior: CountPrior
) -> CellResults:
    """Assign every cell of a split and compare with the truth.

    Args:
        log_likelihoods: f64[N,24].
        labels: i32[N], true classes.
        cells: N names; all images of a cell must be there.
        prior: of the counts.

    Returns:
        The results.

    Raises:
        ValueError: see `assign_cell`.

    Source: ours.
    """
    check(
        log_likelihoods=(log_likelihoods, "f64[N,C]"),
        labels=(labels, "i32[N]"),
        cells=(cells, "any[N]"),
    )
    names = tuple(dict.fromkeys(str(cell) for cell in cells))
    assigned = np.empty(len(labels), np.int64)
    margins, columns = [], []
    for name in names:
        members = np.nonzero(cells == name)[0]
        found = assign_cell(log_likelihoods[members], prior=prior)
        assigned[members] = found.labels
        margins.append(found.margin)
        truth, read = (
            np.bincount(one, minlength=log_likelihoods.shape[1])
            for one in (labels[members], found.labels)
        )
        columns.append(
            (
                bool((found.labels == labels[members]).all()),
                bool((truth[[X, Y]] == read[[X, Y]]).all()),
                bool((truth == read).all()),
            )
        )
    right, sex_right, counts_right = np.array(columns, bool).T
    return CellResults(
        labels=assigned,
        cells=names,
        margins=np.array(margins),
        right=right,
        sex_right=sex_right,
        counts_right=counts_right,
    )


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


def assign_split(
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


def cell_values(
    found: CellResults, part: Chromosomes, *, resamples: int, level: float, seed: int
) -> dict[str, Any]:
    """Turn the results of whole cells into JSON values.

    Args:
        found: of the split.
        part: its images.
        resamples: see `bootstrap_interval`.
        level: see `bootstrap_interval`.
        seed: see `bootstrap_interval`.

    Returns:
        `accuracy` of the images after assignment with its interval, `cells`, and the shares of
        cells with everything, the sex and all counts right.
    """
    correct = found.labels == part.labels
    interval = bootstrap_interval(
        correct,
        part.cells,
        resamples=resamples,
        level=level,
        seed=seed,
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
