"""The report of a tested run: numbers, predictions and pictures in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from clu import parameter_overview
from matplotlib.figure import Figure
from tqdm import tqdm

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation import plots
from superxception_jax.evaluation.cells import (
    WHOLE_CELLS,
    assign_split,
    assigned_csv,
    calibrated_values,
    cell_values,
    class_shares,
)
from superxception_jax.evaluation.metrics import Metrics, compute_metrics
from superxception_jax.evaluation.predictions import predictions_csv, summarize
from superxception_jax.evaluation.restoration_quality import restoration_quality
from superxception_jax.evaluation.statistics import bootstrap_interval
from superxception_jax.files import write_json, write_text
from superxception_jax.karyotyping.calibration import fit_temperature
from superxception_jax.karyotyping.polarity import separate_polarity
from superxception_jax.runs.restoration import compile_restoration, load_pairs, restore
from superxception_jax.runs.setup import Setup, multiply_accumulates, predict_images, predict_split
from superxception_jax.training.recorder import load_metrics

CALIBRATION_FILE = "calibration.json"
ENHANCED_IMAGES = 8


def write_report(
    setup: Setup,
    workdir: Path,
    *,
    variables: Mapping[str, Any],
    split: str,
    facts: Mapping[str, Any],
) -> list[Path]:
    """Evaluate a split exactly and write everything about it.

    Args:
        setup: of the run.
        workdir: folder of the run.
        variables: `params` and `batch_stats` of the best checkpoint.
        split: train, validation or test.
        facts: JSON values to store with the results.

    Returns:
        The files written, the results first.
    """
    part = setup.splits[split]
    with tqdm(total=len(part.labels), desc=f"testing on {split}", unit=" images") as bar:
        log_probabilities = predict_split(setup, variables, part, bar=bar)
    temperature = _fit_temperature(setup, variables)
    shares = class_shares(setup.splits["train"])
    metrics = compute_metrics(log_probabilities, part.labels)
    results = _results(setup, part, log_probabilities, metrics, split=split) | dict(facts)
    # The size and the cost of the network stand beside what it reaches.
    results["parameters"] = int(parameter_overview.count_parameters(variables["params"]))
    results["multiply_accumulates"] = multiply_accumulates(setup)
    results["calibration"] = calibrated_values(
        log_probabilities, part.labels, temperature=temperature
    )
    figures = _figures(setup, workdir, part, log_probabilities, metrics)
    figures["reliability"] = plots.plot_reliability(
        log_probabilities, part.labels, temperature=temperature
    )
    if hasattr(setup.model, "enhance"):
        pairs = load_pairs(setup.experiment, {split: part})[split]
        if len(pairs.canvases):
            images = restore(setup, variables, pairs, restoration=compile_restoration(setup))
            results["super_resolution"] = restoration_quality(*images)
            figures["super_resolution"] = _restoration_figure(images, pairs.names)
    if setup.experiment.polarity == "read":
        results["polarity"] = _polarity_values(setup, variables, part)
    tables = {"predictions": _predictions(part, log_probabilities)}
    if setup.experiment.split["protocol"] in WHOLE_CELLS:
        found = assign_split(log_probabilities, part, temperature=temperature, shares=shares)
        results["cells"] = cell_values(
            found,
            part,
            resamples=setup.experiment.bootstrap_resamples,
            level=setup.experiment.confidence_level,
            seed=setup.experiment.seed,
        )
        tables["assignments"] = assigned_csv(found, log_probabilities, part)
    print(_summary(results))
    # The test split is the run's result; other splits get a name of their own.
    suffix = "" if split == "test" else f"-{split}"
    calibration = {"temperature": temperature, "class_shares": shares.tolist()}
    return [
        write_json(workdir / f"results{suffix}.json", results),
        write_json(workdir / CALIBRATION_FILE, calibration),
        *(write_text(workdir / f"{name}{suffix}.csv", text) for name, text in tables.items()),
        *(
            plots.save_figure(figure, workdir / f"{name}{suffix}.png")
            for name, figure in figures.items()
        ),
    ]


def _summary(results: Mapping[str, Any]) -> str:
    low, high = results["accuracy_interval"]
    lines = [
        f"{results['split']} accuracy {results['accuracy']:.2%} "
        f"({results['confidence_level']:.0%} interval {low:.2%} to {high:.2%}), "
        f"macro-F1 {results['macro_f1']:.4f}, {results['images']:,} images"
    ]
    if "cells" in results:
        cells = results["cells"]
        lines.append(
            f"{results['split']} accuracy {cells['accuracy']:.2%} after assignment of whole "
            f"cells, {cells['entirely_right']:.0%} of {cells['cells']} cells entirely right"
        )
    return "\n".join(lines)


def _predictions(part: Chromosomes, log_probabilities: np.ndarray) -> str:
    return predictions_csv(
        log_probabilities,
        part.labels,
        names=part.names.tolist(),
        cells=part.cells.tolist(),
        class_names=CLASS_NAMES,
    )


def _fit_temperature(setup: Setup, variables: Mapping[str, Any]) -> float:
    validation = setup.splits["validation"]
    return fit_temperature(predict_split(setup, variables, validation, bar=None), validation.labels)


def _results(
    setup: Setup,
    part: Chromosomes,
    log_probabilities: np.ndarray,
    metrics: Metrics,
    *,
    split: str,
) -> dict[str, Any]:
    experiment = setup.experiment
    interval = bootstrap_interval(
        log_probabilities.argmax(axis=1) == part.labels,
        part.cells,
        resamples=experiment.bootstrap_resamples,
        level=experiment.confidence_level,
        seed=experiment.seed,
    )
    return {
        "name": experiment.name,
        "preset": experiment.preset,
        "dataset": experiment.dataset,
        "protocol": experiment.split["protocol"],
        "split": split,
        "seed": experiment.seed,
        "confidence_level": experiment.confidence_level,
        "interval_method": "percentile bootstrap over cells",
        **summarize(metrics, interval=interval, class_names=CLASS_NAMES),
    }


def _figures(
    setup: Setup,
    workdir: Path,
    part: Chromosomes,
    log_probabilities: np.ndarray,
    metrics: Metrics,
) -> dict[str, Figure]:
    figures = {
        "confusion_matrix": plots.plot_confusion(
            metrics.confusion,
            class_names=CLASS_NAMES,
            title=f"{metrics.accuracy:.2%} of {metrics.count:,} images",
        ),
        "errors": plots.plot_errors(
            part.images,
            log_probabilities,
            part.labels,
            names=part.names.tolist(),
            class_names=CLASS_NAMES,
        ),
    }
    figures["cell"] = _cell_figure(part, log_probabilities)
    lines = load_metrics(workdir)
    if lines:
        figures["learning_curves"] = plots.plot_learning_curves(
            lines, steps_per_epoch=setup.steps_per_epoch
        )
    return figures


def _restoration_figure(images: tuple[np.ndarray, ...], names: np.ndarray) -> Figure:
    chosen = np.linspace(0, len(names) - 1, min(ENHANCED_IMAGES, len(names))).astype(int)
    after, before, truth = (array[chosen] for array in images)
    return plots.plot_enhancement(before, after, truth, titles=names[chosen].tolist())


def _cell_figure(part: Chromosomes, log_probabilities: np.ndarray) -> Figure:
    """Draw the cell with the most images in the split; the first of equals."""
    cells, counts = np.unique(part.cells, return_counts=True)
    chosen = cells[np.argmax(counts)]
    members = np.nonzero(part.cells == chosen)[0]
    labels, predicted = part.labels[members], log_probabilities[members].argmax(axis=1)
    right = int((labels == predicted).sum())
    return plots.plot_cell(
        part.images[members],
        labels,
        predicted,
        class_names=CLASS_NAMES,
        title=f"cell {chosen}: {right} of {len(members)} chromosomes read right",
    )


def _polarity_values(
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
