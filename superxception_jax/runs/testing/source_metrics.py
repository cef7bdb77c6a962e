"""The metrics of the images of each data set, where a run tests several."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.evaluation.cells import CellMetrics, compute_cell_metrics
from superxception_jax.evaluation.predictions import Predictions
from superxception_jax.evaluation.statistics import Interval, mean_interval


@dataclass(frozen=True)
class SourceMetrics:
    """How well some of the tested images are classified.

    Attributes:
        images: Number of images.
        accuracy: Share of correct images, each classified by itself.
        accuracy_interval: Interval of the accuracy over cases or cells.
        cells: Metrics after the assignment of whole cells; None where they are not assigned.
    """

    images: int
    accuracy: float
    accuracy_interval: Interval
    cells: CellMetrics | None

    def to_json(self) -> dict[str, Any]:
        """Return the metrics as JSON values."""
        values = {"images": self.images, "accuracy": self.accuracy}
        values |= self.accuracy_interval.to_json()
        return values if self.cells is None else values | {"cells": self.cells.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SourceMetrics:
        """Return the metrics that `to_json` wrote."""
        cells = CellMetrics.from_json(values["cells"]) if "cells" in values else None
        interval = Interval.from_json(values, cells=cells.cells if cells else None)
        return cls(values["images"], values["accuracy"], interval, cells)


def measure_sources(
    predictions: Predictions, sources: np.ndarray, *, resamples: int, level: float, seed: int
) -> dict[str, SourceMetrics]:
    """Return the metrics of each data set; empty if there is only one.

    Args:
        predictions: Predictions of all tested images.
        sources: str[N], data set of each image.
        resamples: Number of bootstrap samples.
        level: Confidence level of the intervals, 0..1.
        seed: Random seed of the bootstrap.
    """
    names = list(dict.fromkeys(sources.tolist()))
    if len(names) == 1:
        return {}
    return {
        name: measure_images(
            _take(predictions, sources == name), resamples=resamples, level=level, seed=seed
        )
        for name in names
    }


def measure_images(
    predictions: Predictions, *, resamples: int, level: float, seed: int
) -> SourceMetrics:
    """Return the metrics of predictions.

    Args:
        predictions: Predictions of images; all images of a cell if cells are assigned.
        resamples: Number of bootstrap samples.
        level: Confidence level of the intervals, 0..1.
        seed: Random seed of the bootstrap.
    """
    correct = (predictions.predicted == predictions.labels).astype(np.float64)
    options: dict[str, Any] = {"resamples": resamples, "level": level, "seed": seed}
    options["cases"] = predictions.cases
    cells = None
    if predictions.assigned is not None:
        cells = compute_cell_metrics(
            predictions.labels, predictions.assigned, predictions.cells, **options
        )
    return SourceMetrics(
        images=len(correct),
        accuracy=float(correct.mean()),
        accuracy_interval=mean_interval(correct, cells=predictions.cells, **options),
        cells=cells,
    )


def _take(predictions: Predictions, chosen: np.ndarray) -> Predictions:
    columns = {name: value for name, value in vars(predictions).items() if value is not None}
    return dataclasses.replace(
        predictions, **{name: value[chosen] for name, value in columns.items()}
    )
