"""The figures of a tested run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.stored_images import Images
from superxception_jax.evaluation import plots
from superxception_jax.evaluation.metrics import Metrics
from superxception_jax.evaluation.predictions import Predictions
from superxception_jax.runs.setup import Setup
from superxception_jax.training.recorder import (
    METRICS_FILE,
    TRAIN,
    VALIDATION,
    MetricsEntry,
    load_metrics,
)

RESTORED_IMAGES = 8  # in the figure of the super-resolution stack


def figure_makers(
    setup: Setup,
    workdir: Path,
    predictions: Predictions,
    *,
    images: Images,
    metrics: Metrics,
    temperature: float,
) -> dict[str, Callable[[], Figure]]:
    """Return the functions that draw the figures of a tested split, by the names of their files.

    Each can fail without the others.

    Args:
        setup: Setup of the run.
        workdir: Run folder, whose metrics give the learning curves.
        predictions: Predictions of the split.
        images: u8[N,S,S,1], its images.
        metrics: Its metrics.
        temperature: Temperature fitted on the validation images.
    """
    makers = {
        "confusion_matrix": lambda: plots.plot_confusion(
            metrics.confusion,
            class_names=CLASS_NAMES,
            title=f"{metrics.accuracy:.2%} of {metrics.count:,} images",
        ),
        "errors": lambda: plots.plot_errors(
            images,
            predictions.log_probabilities,
            predictions.labels,
            names=predictions.names.tolist(),
            class_names=CLASS_NAMES,
        ),
        "cell": lambda: _cell_figure(images, predictions),
        "reliability": lambda: plots.plot_reliability(
            predictions.log_probabilities, predictions.labels, temperature=temperature
        ),
    }
    if (workdir / METRICS_FILE).exists():
        makers["learning_curves"] = lambda: _learning_curves(setup, workdir)
    return makers


def choose_restored(count: int) -> np.ndarray:
    """Return the indices of the restored images that a figure shows.

    Args:
        count: Number of restored images, at least 1.
    """
    return np.linspace(0, count - 1, min(RESTORED_IMAGES, count)).astype(int)


def draw_restoration(
    restored: np.ndarray, bicubic: np.ndarray, truth: np.ndarray, *, names: np.ndarray
) -> Figure:
    """Return a figure of restored images next to bicubic enlargement and the true crops.

    Args:
        restored: f32[N,P,P,1], output of the super-resolution stack.
        bicubic: f32[N,P,P,1], bicubic enlargement of the canvases.
        truth: f32[N,P,P,1], true crops.
        names: str[N], names of the images.
    """
    return plots.plot_enhancement(bicubic, restored, truth, titles=names.tolist())


def _learning_curves(setup: Setup, workdir: Path) -> Figure:
    entries = load_metrics(workdir)
    return plots.plot_learning_curves(
        *(
            _learning_curve([one for one in entries if one.kind == kind], setup.steps_per_epoch)
            for kind in (TRAIN, VALIDATION)
        )
    )


def _learning_curve(entries: Sequence[MetricsEntry], steps_per_epoch: int) -> plots.LearningCurve:
    return plots.LearningCurve(
        epochs=[entry.step / steps_per_epoch for entry in entries],
        loss=[entry.metrics["loss"] for entry in entries],
        accuracy=[entry.metrics["accuracy"] for entry in entries],
    )


def _cell_figure(images: Images, predictions: Predictions) -> Figure:
    """Draw the cell with the most images in the split, the first among equals."""
    cells, counts = np.unique(predictions.cells, return_counts=True)
    chosen = cells[np.argmax(counts)]
    members = np.nonzero(predictions.cells == chosen)[0]
    labels, predicted = predictions.labels[members], predictions.predicted[members]
    correct = int((labels == predicted).sum())
    return plots.plot_cell(
        images[members],
        labels,
        predicted,
        class_names=CLASS_NAMES,
        title=f"cell {chosen}: {correct} of {len(members)} chromosomes correct",
    )
