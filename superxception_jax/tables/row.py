"""A row of a results table: the runs of one network, summarised."""

from __future__ import annotations

import functools
import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.metrics import (
    class_recalls,
    macro_f1,
    supported_calibration_error,
)
from superxception_jax.evaluation.statistics import Interval, mean_numbers
from superxception_jax.tables.finished_run import TableRun, pool_folds
from superxception_jax.tables.stored_predictions import StoredPredictions
from superxception_jax.tables.whole_cells import WholeCells, summarize_cells


@dataclass(frozen=True)
class TableRow:
    """The summary of the runs of a row: folds pooled, seeds averaged.

    Attributes:
        row: Name of the row.
        name: Name of the config.
        preset: Preset of the config.
        config_file: Config file and preset, as on the command line.
        dataset: Name of the data set, or several names with commas.
        protocol: Split protocol.
        seeds: Random seeds.
        folds: Tested folds.
        runs: Number of runs; fewer than seeds × folds where some are missing.
        images: Number of test images of all folds.
        confidence_level: Confidence level of the intervals, 0..1.
        accuracy: Mean accuracy over the seeds; where runs are missing, over all tests of an image,
            so that one that more seeds tested counts more.
        accuracy_interval: Interval of the accuracy over cases or cells.
        accuracy_by_seed: Accuracy with each seed, on the folds that all seeds have; empty where
            there is none.
        accuracy_sd_over_seeds: Standard deviation of these; None for fewer than two.
        macro_f1: Mean over the seeds of the macro-F1 of the pooled folds.
        expected_calibration_error: Mean over the seeds of the calibration error of the pooled
            folds; where confidences are not stored, the mean of the runs, weighted by images.
            None where there are too few images for one.
        parameters: Number of parameters of the network.
        multiply_accumulates: Multiply-accumulates per view of an image.
        varied: Value of the field in which the rows differ; None if there is no such field.
        images_per_second: Median training speed of the runs.
        training_seconds: Mean training time of the runs.
        commits: Commits that trained and tested the runs, sorted.
        super_resolution: Mean similarity to the true crops by measure; empty without a stack.
        whole_cells: Summary of the assigned cells; None where a run has no assignment.
        recall: Share of correct images by class name; None for an absent class.
    """

    row: str
    name: str
    preset: str
    config_file: str
    dataset: str
    protocol: str
    seeds: tuple[int, ...]
    folds: tuple[int, ...]
    runs: int
    images: int
    confidence_level: float
    accuracy: float
    accuracy_interval: Interval
    accuracy_by_seed: tuple[float, ...]
    accuracy_sd_over_seeds: float | None
    macro_f1: float
    expected_calibration_error: float | None
    parameters: int
    multiply_accumulates: int
    varied: Any
    images_per_second: float
    training_seconds: float
    commits: tuple[str, ...]
    super_resolution: Mapping[str, float]
    whole_cells: WholeCells | None
    recall: Mapping[str, float | None]


def summarize_row(runs: Sequence[TableRun], *, vary: str = "") -> TableRow:
    """Return the summary of the runs of a row.

    Args:
        runs: Runs of one row, at least one.
        vary: Field of the config in which the rows differ; empty for none.

    Raises:
        ValueError: Two folds of a seed tested the same image.
    """
    first, results = runs[0], [run.results for run in runs]
    seeds = sorted({run.seed for run in runs})
    tested = [pool_folds([run for run in runs if run.seed == seed]) for seed in seeds]
    confusions = [_confusion(one) for one in tested]
    by_seed = _accuracy_by_seed(runs)
    correct = np.concatenate([one.correct for one in tested]).astype(np.float64)
    recalls = class_recalls(np.sum(confusions, axis=0))
    return TableRow(
        row=first.row,
        name=first.results.name,
        preset=first.results.preset,
        config_file=first.config_file,
        dataset=first.results.dataset,
        protocol=first.results.protocol,
        seeds=tuple(seeds),
        folds=tuple(sorted({run.fold for run in runs})),
        runs=len(runs),
        images=sum({run.fold: len(run.predictions.labels) for run in runs}.values()),
        confidence_level=first.results.confidence_level,
        accuracy=float(correct.mean()),
        accuracy_interval=first.interval(correct, tested),
        accuracy_by_seed=by_seed,
        accuracy_sd_over_seeds=statistics.stdev(by_seed) if len(by_seed) > 1 else None,
        macro_f1=float(np.mean([macro_f1(one) for one in confusions])),
        expected_calibration_error=_calibration_error(runs, tested),
        parameters=first.results.parameters,
        multiply_accumulates=first.multiply_accumulates,
        varied=_field(first.config, vary) if vary else None,
        images_per_second=statistics.median(run.images_per_second for run in runs),
        training_seconds=statistics.fmean(one.progress.training_seconds for one in results),
        commits=tuple(sorted({commit for one in results for commit in one.commits})),
        super_resolution=mean_numbers([one.super_resolution or {} for one in results]),
        whole_cells=summarize_cells([run.predictions for run in runs], interval=first.interval),
        recall={
            name: None if np.isnan(recall) else float(recall)
            for name, recall in zip(CLASS_NAMES, recalls, strict=True)
        },
    )


def _accuracy_by_seed(runs: Sequence[TableRun]) -> tuple[float, ...]:
    """Return the accuracy with each seed on the same images; empty if no fold has all seeds."""
    seeds = sorted({run.seed for run in runs})
    missing = {fold for _, fold in missing_runs(runs)}
    correct = [
        [run.predictions.correct for run in runs if run.seed == seed and run.fold not in missing]
        for seed in seeds
    ]
    return tuple(float(np.concatenate(one).mean()) for one in correct if one)


def missing_runs(runs: Sequence[TableRun]) -> list[tuple[int, int]]:
    """Return the seeds and folds of which a row has other runs, but not this one, sorted.

    Args:
        runs: Runs of one row.
    """
    there = {(run.seed, run.fold) for run in runs}
    asked = itertools.product({seed for seed, _ in there}, {fold for _, fold in there})
    return sorted(set(asked) - there)


def _calibration_error(
    runs: Sequence[TableRun], tested: Sequence[StoredPredictions]
) -> float | None:
    confidences = [one.confidences for one in tested if one.confidences is not None]
    if len(confidences) == len(tested):
        errors = [
            supported_calibration_error(values.astype(np.float64), one.correct)
            for values, one in zip(confidences, tested, strict=True)
        ]
        weights = [1] * len(errors)
    else:
        errors = [run.results.expected_calibration_error for run in runs]
        weights = [run.results.images for run in runs]
    known = [one for one in errors if one is not None]
    return float(np.average(known, weights=weights)) if len(known) == len(errors) else None


def _confusion(tested: StoredPredictions) -> np.ndarray:
    confusion = np.zeros((len(CLASS_NAMES), len(CLASS_NAMES)), np.int64)
    np.add.at(confusion, (tested.labels, tested.predicted), 1)
    return confusion


def _field(config: Mapping[str, Any], path: str) -> Any:
    return functools.reduce(lambda values, name: values[name], path.split("."), config)
