"""The report of a tested run: results, predictions and figures in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from clu import parameter_overview
from matplotlib.figure import Figure
from tqdm import tqdm

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import WHOLE_CELL_PROTOCOLS
from superxception_jax.evaluation.cells import (
    CellMetrics,
    assign_cells,
    compute_cell_metrics,
)
from superxception_jax.evaluation.metrics import Metrics, class_shares, compute_metrics
from superxception_jax.evaluation.plots import save_figure
from superxception_jax.evaluation.predictions import (
    Predictions,
    predictions_csv,
    save_predictions,
)
from superxception_jax.evaluation.restoration_quality import restoration_quality
from superxception_jax.evaluation.statistics import bootstrap_interval
from superxception_jax.files import write_json, write_text
from superxception_jax.karyotyping.assignment import to_log_likelihoods
from superxception_jax.karyotyping.calibration import apply_temperature, fit_temperature
from superxception_jax.karyotyping.polarity import separate_polarity
from superxception_jax.karyotyping.prior import default_prior
from superxception_jax.karyotyping.stain import FIELD as STAIN_FIELD
from superxception_jax.karyotyping.stain import KnownStain, fit_stain, stain_log_probabilities
from superxception_jax.runs.provenance import Provenance
from superxception_jax.runs.report_figures import draw_figures, draw_restoration
from superxception_jax.runs.restoration import compile_restoration, load_pairs, restore
from superxception_jax.runs.results import CalibrationMetrics, PolarityMetrics, RunResults
from superxception_jax.runs.setup import Setup, multiply_accumulates, predict_images, predict_split
from superxception_jax.runs.workdir import CALIBRATION_FILE
from superxception_jax.training.progress import Progress


@dataclass(frozen=True)
class RunHistory:
    """What is known of a run besides its test.

    Attributes:
        progress: Progress of the training.
        trainings: Provenance of the training.
        evaluation: Provenance of this evaluation.
    """

    progress: Progress
    trainings: tuple[Provenance, ...]
    evaluation: Provenance


def write_report(
    setup: Setup, workdir: Path, *, variables: Mapping[str, Any], split: str, history: RunHistory
) -> list[Path]:
    """Evaluate a split exactly, write its results, predictions and figures, and return the files.

    Args:
        setup: Setup of the run.
        workdir: Run folder.
        variables: `params` and `batch_stats` of the best checkpoint.
        split: Split to evaluate: train, validation or test.
        history: Progress and provenance of the run.

    Returns:
        The files, the results first.
    """
    images = setup.splits[split]
    with tqdm(total=len(images.labels), desc=f"testing on {split}", unit=" images") as bar:
        log_probabilities = predict_split(setup, variables, images, bar=bar)
    temperature, stain = _fit_calibration(setup, variables)
    shares = class_shares(setup.splits["train"].labels)
    predictions = _predictions(setup, images, log_probabilities, temperature, shares)
    metrics = compute_metrics(log_probabilities, images.labels)
    figures = draw_figures(
        setup, workdir, predictions, images=images.images, metrics=metrics, temperature=temperature
    )
    quality, figure = _restoration(setup, variables, images, split=split)
    if figure is not None:
        figures["super_resolution"] = figure
    results = RunResults(
        **_identity(setup, split=split),
        **_metrics(setup, predictions, metrics),
        parameters=int(parameter_overview.count_parameters(variables["params"])),
        multiply_accumulates=multiply_accumulates(setup),
        calibration=_calibration(log_probabilities, images.labels, temperature=temperature),
        super_resolution=quality,
        polarity=_polarity(setup, variables, images),
        cells=_cells(setup, predictions),
        **vars(history),
    )
    print(_summary(results))
    # The test split is the result of the run; the files of other splits carry the split's name.
    suffix = "" if split == "test" else f"-{split}"
    calibration = {
        "temperature": temperature,
        "class_shares": shares.tolist(),
        STAIN_FIELD: stain.to_json(),
    }
    return [
        write_json(workdir / f"results{suffix}.json", results.to_json()),
        write_json(workdir / CALIBRATION_FILE, calibration),
        save_predictions(workdir / f"predictions{suffix}.npz", predictions),
        write_text(workdir / f"predictions{suffix}.csv", predictions_csv(predictions)),
        *(save_figure(figure, workdir / f"{name}{suffix}.png") for name, figure in figures.items()),
    ]


def _summary(results: RunResults) -> str:
    low, high = results.accuracy_interval
    lines = [
        f"{results.split} accuracy {results.accuracy:.2%} "
        f"({results.confidence_level:.0%} interval {low:.2%} to {high:.2%}), "
        f"macro-F1 {results.macro_f1:.4f}, {results.images:,} images"
    ]
    if results.cells is not None:
        cells = results.cells
        lines.append(
            f"{results.split} accuracy {cells.accuracy:.2%} after the assignment of whole cells, "
            f"{cells.fully_correct:.0%} of {cells.cells} cells fully correct"
        )
    return "\n".join(lines)


def _fit_calibration(setup: Setup, variables: Mapping[str, Any]) -> tuple[float, KnownStain]:
    """Return the temperature and the known stain, both of the validation images alone."""
    validation, polarity = setup.splits["validation"], setup.experiment.polarity
    outputs = classes = predict_images(setup, variables, validation.images, bar=None)
    if polarity == "read":
        classes, _ = separate_polarity(outputs, turned_share=setup.experiment.turned_share)
    temperature = fit_temperature(classes, validation.labels)
    judged = stain_log_probabilities(outputs, polarity=polarity, temperature=temperature)
    return temperature, fit_stain(judged, validation.cells)


def _predictions(
    setup: Setup,
    images: Chromosomes,
    log_probabilities: np.ndarray,
    temperature: float,
    shares: np.ndarray,
) -> Predictions:
    """Return the predictions, with whole cells assigned where the split keeps them whole."""
    assigned = None
    if setup.experiment.split.protocol in WHOLE_CELL_PROTOCOLS:
        calibrated = apply_temperature(log_probabilities, temperature).astype(np.float64)
        likelihoods = to_log_likelihoods(calibrated, shares)
        assigned = assign_cells(likelihoods, images.cells, prior=default_prior())
    return Predictions(
        names=images.names,
        cells=images.cells,
        cases=images.cases,
        labels=images.labels,
        log_probabilities=log_probabilities,
        assigned=assigned,
    )


def _identity(setup: Setup, *, split: str) -> dict[str, Any]:
    """Return the fields of `RunResults` that say what was tested."""
    experiment = setup.experiment
    return {
        "name": experiment.name,
        "preset": experiment.preset,
        "dataset": experiment.dataset,
        "protocol": experiment.split.protocol,
        "split": split,
        "seed": experiment.seed,
        "confidence_level": experiment.confidence_level,
    }


def _metrics(setup: Setup, predictions: Predictions, metrics: Metrics) -> dict[str, Any]:
    """Return the fields of `RunResults` on single images."""
    return {
        "images": metrics.count,
        "accuracy": metrics.accuracy,
        "accuracy_interval": bootstrap_interval(
            predictions.predicted == predictions.labels,
            predictions.cells,
            **setup.experiment.bootstrap_options,
        ),
        "macro_f1": metrics.macro_f1,
        "loss": metrics.loss,
        "expected_calibration_error": metrics.expected_calibration_error,
        "recall": {
            name: None if np.isnan(recall) else float(recall)
            for name, recall in zip(CLASS_NAMES, metrics.recalls, strict=True)
        },
    }


def _calibration(
    log_probabilities: np.ndarray, labels: np.ndarray, *, temperature: float
) -> CalibrationMetrics:
    metrics = compute_metrics(apply_temperature(log_probabilities, temperature), labels)
    return CalibrationMetrics(
        temperature=temperature,
        loss=metrics.loss,
        expected_calibration_error=metrics.expected_calibration_error,
    )


def _cells(setup: Setup, predictions: Predictions) -> CellMetrics | None:
    if predictions.assigned is None:
        return None
    return compute_cell_metrics(
        predictions.labels,
        predictions.assigned,
        predictions.cells,
        **setup.experiment.bootstrap_options,
    )


def _polarity(
    setup: Setup, variables: Mapping[str, Any], images: Chromosomes
) -> dict[str, PolarityMetrics] | None:
    """Return how well class and orientation are predicted; None if only the class is.

    Upright images are classified with the config's share of turned images, images turned at
    random with one half.
    """
    if setup.experiment.polarity == "given":
        return None
    turned = np.random.default_rng(setup.experiment.seed).random(len(images.labels)) < 0.5
    mixed = np.where(turned[:, None, None, None], images.images[:, ::-1, ::-1], images.images)
    metrics = {}
    for name, pixels, truth, share in (
        ("upright", images.images, np.zeros_like(turned), setup.experiment.turned_share),
        ("turned_at_random", mixed, turned, 0.5),
    ):
        outputs = predict_images(setup, variables, pixels, bar=None)
        classes, probability = separate_polarity(outputs, turned_share=share)
        metrics[name] = PolarityMetrics(
            accuracy=float((classes.argmax(axis=1) == images.labels).mean()),
            polarity_accuracy=float(((probability > 0.5) == truth).mean()),
        )
    return metrics


def _restoration(
    setup: Setup, variables: Mapping[str, Any], images: Chromosomes, *, split: str
) -> tuple[Mapping[str, float] | None, Figure | None]:
    """Return how close the stack comes to the true crops, and a figure; None without any."""
    if not hasattr(setup.model, "enhance"):
        return None, None
    pairs = load_pairs(setup.experiment, {split: images})[split]
    if len(pairs.canvases) == 0:
        return None, None
    restored = restore(setup, variables, pairs, restoration=compile_restoration(setup))
    return restoration_quality(*restored), draw_restoration(*restored, names=pairs.names)
