"""The files that a tested run leaves: numbers as JSON and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from superxception_jax.evaluation.metrics import Metrics


def summarize(
    metrics: Metrics, *, interval: tuple[float, float], class_names: Sequence[str]
) -> dict[str, Any]:
    """Turn metrics into JSON values.

    Args:
        metrics: of a split.
        interval: of the accuracy.
        class_names: in the order of the labels.

    Returns:
        Numbers by name; a class without images has the recall None.
    """
    recalls = {
        name: None if math.isnan(recall) else float(recall)
        for name, recall in zip(class_names, metrics.recalls, strict=True)
    }
    return {
        "images": metrics.count,
        "accuracy": metrics.accuracy,
        "accuracy_interval": list(interval),
        "macro_f1": metrics.macro_f1,
        "loss": metrics.loss,
        "expected_calibration_error": metrics.expected_calibration_error,
        "recall": recalls,
    }


def predictions_csv(
    log_probabilities: np.ndarray,
    labels: np.ndarray,
    *,
    names: Sequence[str],
    cells: Sequence[str],
    class_names: Sequence[str],
) -> str:
    """Write every prediction as a line, so that two runs can be compared image by image.

    Args:
        log_probabilities: f32[N,C].
        labels: i32[N].
        names: of the images.
        cells: of the images.
        class_names: in the order of the labels.

    Returns:
        CSV: name, cell, class, predicted, confidence, then the probability of each class.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "cell", "class", "predicted", "confidence", *class_names])
    probabilities = np.exp(log_probabilities.astype(np.float64))
    for name, cell, label, row in zip(names, cells, labels, probabilities, strict=True):
        chosen = int(row.argmax())
        shares = [f"{value:.6f}" for value in row]
        known = [name, cell, class_names[label], class_names[chosen], shares[chosen]]
        writer.writerow(known + shares)
    return text.getvalue()
