"""The report of a tested run: results, predictions and figures in its folder."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from clu import parameter_overview
from matplotlib.figure import Figure
from tqdm import tqdm

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.metrics import Metrics, compute_metrics
from superxception_jax.evaluation.plots import save_figure
from superxception_jax.evaluation.predictions import (
    Predictions,
    predictions_csv,
    save_predictions,
)
from superxception_jax.files import write_json, write_text
from superxception_jax.karyotyping.calibration import apply_temperature
from superxception_jax.karyotyping.stain import FIELD as STAIN_FIELD
from superxception_jax.runs.exported.weights_file import ORIENTED
from superxception_jax.runs.provenance import Provenance
from superxception_jax.runs.restoration import (
    compile_restoration,
    load_pairs,
    measure_quality,
    restore,
)
from superxception_jax.runs.results import UNLEARNED, CalibrationMetrics, RunResults
from superxception_jax.runs.setup import Setup, multiply_accumulates
from superxception_jax.runs.start_weights import load_start
from superxception_jax.runs.testing.calibrated import (
    Calibration,
    calibrated_predictions,
    fit_calibration,
)
from superxception_jax.runs.testing.orientation import measure_orientation
from superxception_jax.runs.testing.predicting import classes_of, predict_images, predict_split
from superxception_jax.runs.testing.report_figures import (
    choose_restored,
    draw_restoration,
    figure_makers,
)
from superxception_jax.runs.testing.report_text import Attempts, summarize_results
from superxception_jax.runs.testing.source_metrics import (
    SourceMetrics,
    measure_images,
    measure_sources,
)
from superxception_jax.runs.workdir import CALIBRATION_FILE, command_again
from superxception_jax.training import compile as compilation
from superxception_jax.training.hosts.processes import process_count
from superxception_jax.training.progress import Progress


@dataclass(frozen=True)
class RunHistory:
    """What is known of a run besides its test.

    Attributes:
        progress: Progress of the training.
        trainings: Provenance of the training.
        evaluation: Provenance of this evaluation.
        finished: Whether the training has come to its end.
    """

    progress: Progress
    trainings: tuple[Provenance, ...]
    evaluation: Provenance
    finished: bool


def write_report(
    setup: Setup,
    workdir: Path,
    *,
    variables: Mapping[str, Any],
    split: str,
    history: RunHistory,
    use_stored_split: bool = False,
) -> list[Path]:
    """Evaluate a split exactly, write its results, predictions and figures, and return the files.

    Predictions and results are written before any figure is drawn. A part that fails doesn't keep
    the others from being written.

    Args:
        setup: Setup of the run.
        workdir: Run folder.
        variables: `params` and `batch_stats` of the best checkpoint.
        split: Split to evaluate: train, validation or test.
        history: Progress and provenance of the run.
        use_stored_split: Whether what was added to the data set is left out, for the command that
            makes failed parts again.

    Returns:
        The files, the results first.

    Raises:
        ValueError: A part of the report failed; everything else is written. What several processes
            compute together raises at once. Or the weights that the training started from have
            changed; nothing is written.
    """
    images, start = setup.splits[split], _load_start(setup)  # first, as its file may be missing
    # The test split is the result of the run; the files of other splits carry the split's name.
    suffix = "" if split == "test" else f"-{split}"
    with tqdm(total=len(images.labels), desc=f"testing on {split}", unit=" images") as bar:
        outputs = predict_images(setup, variables, images.images, bar=bar)
    classes = classes_of(setup, outputs, images)
    kept_start = start is not None and history.progress.best_step == 0
    calibration = fit_calibration(setup, variables, is_start=kept_start)
    temperature, shares = calibration.temperature, calibration.class_shares
    predictions, withheld = calibrated_predictions(setup, images, classes, temperature, shares)
    metrics = compute_metrics(classes, images.labels)
    # First what can't be drawn again from the other files.
    files = [
        _write_calibration(setup, workdir, calibration),
        save_predictions(workdir / f"predictions{suffix}.npz", predictions),
        write_text(workdir / f"predictions{suffix}.csv", predictions_csv(predictions)),
    ]
    parts = Attempts()
    restore_some = functools.partial(_restore, setup, variables, images, split=split)
    alone = process_count() == 1  # Of several, one that went on without it would wait for all.
    restored = parts.attempt("super_resolution", restore_some) if alone else restore_some()
    results = RunResults(
        **_identity(setup, split=split),
        **_metrics(setup, predictions, metrics),
        parameters=int(parameter_overview.count_parameters(variables["params"])),
        multiply_accumulates=multiply_accumulates(setup),
        calibration=_calibration(setup, classes, images.labels, temperature),
        super_resolution=None if restored is None else restored[0],
        missing=tuple(name for name, _ in parts.failures),
        polarity=measure_orientation(setup, variables, images, outputs),
        start=_measure_start(setup, start, images),
        cells_withheld=withheld,
        sources=measure_sources(predictions, images.sources, **setup.experiment.bootstrap_options),
        **vars(history),
    )
    files.insert(0, write_json(workdir / f"results{suffix}.json", results.to_json()))
    print(summarize_results(results))
    figures = figure_makers(
        setup, workdir, predictions, images=images.images, metrics=metrics, temperature=temperature
    )
    if restored is not None:
        figures["super_resolution"] = lambda: draw_restoration(*restored[1], names=restored[2])
    for name, make in figures.items():
        path = workdir / f"{name}{suffix}.png"
        # A figure that can't be drawn must not leave that of an earlier evaluation behind.
        path.unlink(missing_ok=True)
        if parts.attempt(path.name, functools.partial(_draw, make, path)):
            files.append(path)
    again = command_again("evaluate.py", workdir, use_stored_split=use_stored_split)
    parts.raise_failures(again + (f" --split={split}" if suffix else ""))
    return files


def _write_calibration(setup: Setup, workdir: Path, calibration: Calibration) -> Path:
    values = {
        "temperature": calibration.temperature,
        "class_shares": calibration.class_shares.tolist(),
        STAIN_FIELD: calibration.stain.to_json(),
        ORIENTED: setup.oriented,
    }
    return write_json(workdir / CALIBRATION_FILE, values)


def share_predictions(setup: Setup, *, variables: Mapping[str, Any], split: str) -> None:
    """Take part in the predictions for `write_report`, by the first of several processes.

    The arguments, and the order of the predictions, are those of `write_report`.
    """
    images, start = setup.splits[split], _load_start(setup)
    outputs = predict_images(setup, variables, images.images, bar=None)
    fit_calibration(setup, variables)
    _restore(setup, variables, images, split=split)
    measure_orientation(setup, variables, images, outputs)
    _measure_start(setup, start, images)


def _draw(make: Callable[[], Figure], path: Path) -> Path:
    return save_figure(make(), path)


def _load_start(setup: Setup) -> Any:
    """Return the variables that the training started from; None if they don't count."""
    return load_start(setup)[0] if setup.experiment.start_counts else None


def _measure_start(setup: Setup, start: Any, images: Chromosomes) -> SourceMetrics | None:
    """Return the metrics of the weights that the training started from; None without them.

    They are calibrated by the same validation images as those of the trained network.
    """
    if start is None:
        return None
    variables = compilation.place_replicated(start, setup.mesh)
    calibration = fit_calibration(setup, variables, is_start=True)
    classes = predict_split(setup, variables, images, bar=None)
    predictions, _ = calibrated_predictions(
        setup, images, classes, calibration.temperature, calibration.class_shares
    )
    return measure_images(predictions, **setup.experiment.bootstrap_options)


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
        "orientation_from": experiment.polarity if setup.oriented else UNLEARNED,
    }


def _metrics(setup: Setup, predictions: Predictions, metrics: Metrics) -> dict[str, Any]:
    """Return the fields of `RunResults` on single images and assigned cells."""
    measured = measure_images(predictions, **setup.experiment.bootstrap_options)
    return {
        **vars(measured),
        "macro_f1": metrics.macro_f1,
        "loss": metrics.loss,
        "expected_calibration_error": metrics.expected_calibration_error,
        "recall": {
            name: None if np.isnan(recall) else float(recall)
            for name, recall in zip(CLASS_NAMES, metrics.recalls, strict=True)
        },
    }


def _calibration(
    setup: Setup, log_probabilities: np.ndarray, labels: np.ndarray, temperature: float
) -> CalibrationMetrics:
    metrics = compute_metrics(apply_temperature(log_probabilities, temperature), labels)
    return CalibrationMetrics(
        temperature=temperature,
        loss=metrics.loss,
        expected_calibration_error=metrics.expected_calibration_error,
        fitted_images=len(setup.splits["validation"].labels),
    )


def _restore(
    setup: Setup, variables: Mapping[str, Any], images: Chromosomes, *, split: str
) -> tuple[dict[str, float | int], tuple[np.ndarray, ...], np.ndarray] | None:
    """Return the quality of restored images, some of them, and their names; None without any."""
    if not hasattr(setup.model, "enhance"):
        return None
    pairs = load_pairs(setup, {split: images})[split]
    if len(pairs.canvases) == 0:
        return None
    restoration = compile_restoration(setup)
    quality = measure_quality(setup, variables, pairs, restoration=restoration)
    shown = pairs.take(choose_restored(len(pairs.names)))
    return quality, restore(setup, variables, shown, restoration=restoration), shown.names
