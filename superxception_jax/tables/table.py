"""A table of networks from finished runs: pure, from records to JSON values."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.metrics import class_recalls, macro_f1
from superxception_jax.evaluation.statistics import bootstrap_mean, mcnemar, mean_numbers
from superxception_jax.tables.finished_run import TableRun
from superxception_jax.tables.whole_cells import summarize_cells

BOOTSTRAP_SEED = 0  # of the intervals of a table, whatever the seeds of its runs


def build_table(
    runs: Sequence[TableRun],
    *,
    name: str,
    pairs: Sequence[tuple[str, str]],
    commands: Sequence[str],
    vary: str = "",
) -> dict[str, Any]:
    """Build a table of networks.

    Args:
        runs: at least one, of one data set and split; see `merge_runs`.
        name: of the table.
        pairs: of rows to compare image by image; a pair without common runs is left for later.
        commands: that made the table.
        vary: field of the configs in which the rows of a network differ, empty for none.

    Returns:
        JSON values: `name`, `commands`, `pairs`, `vary`, `rows`, `comparisons` and `runs`.

    Raises:
        ValueError: two runs that must have tested the same images haven't.
    """
    rows = {
        row: [run for run in runs if run.row == row]
        for row in dict.fromkeys(run.row for run in runs)
    }
    comparisons = [
        compare_rows(rows[first], rows[second])
        for first, second in pairs
        if common_runs(rows.get(first, []), rows.get(second, []))
    ]
    return {
        "name": name,
        "commands": list(commands),
        "pairs": [list(pair) for pair in pairs],
        "vary": vary,
        "rows": [summarize_row(members, vary=vary) for members in rows.values()],
        "comparisons": comparisons,
        "runs": [dataclasses.asdict(run) for run in runs],
    }


def summarize_row(runs: Sequence[TableRun], *, vary: str = "") -> dict[str, Any]:
    """Summarise the runs of a row.

    Args:
        runs: of one row. Folds are pooled, since each tests other images; seeds are averaged.
        vary: field of the config whose value is `varied`, empty for none.

    Returns:
        JSON values. Accuracy and recall are shares of all predictions, which is the mean over
        the seeds; macro-F1 is computed for each seed from its pooled folds; the calibration
        error is the mean of the runs, weighted by images, as the records hold no confidence.

    Raises:
        ValueError: two folds tested the same image.
    """
    seeds = sorted({run.seed for run in runs})
    tested = [_predictions([run for run in runs if run.seed == seed]) for seed in seeds]
    confusions = [_confusion(one) for one in tested]
    by_seed = [float(np.trace(one) / one.sum()) for one in confusions]
    values = np.array([label == read for one in tested for label, read in one.values()], float)
    cells = np.array([cell for one in tested for cell, _ in one])
    results, weights = [run.results for run in runs], [run.results["images"] for run in runs]
    recalls = class_recalls(np.sum(confusions, axis=0))
    first = runs[0]
    return {
        "row": first.row,
        "name": results[0]["name"],
        "preset": results[0]["preset"],
        "config_file": first.config_file,
        "dataset": results[0]["dataset"],
        "protocol": results[0]["protocol"],
        "seeds": seeds,
        "folds": sorted({run.fold for run in runs}),
        "images": max(len(one) for one in tested),
        "confidence_level": _level(first),
        "accuracy": float(values.mean()),
        "accuracy_interval": list(_interval(values, cells, first)),
        "accuracy_by_seed": by_seed,
        "accuracy_sd_over_seeds": statistics.stdev(by_seed) if len(seeds) > 1 else None,
        "macro_f1": float(np.mean([macro_f1(one) for one in confusions])),
        "expected_calibration_error": float(
            np.average([one["expected_calibration_error"] for one in results], weights=weights)
        ),
        "parameters": first.parameters,
        "multiply_accumulates": results[0]["multiply_accumulates"],
        "varied": _field(first.config, vary) if vary else None,
        "images_per_second": statistics.median(run.images_per_second for run in runs),
        "training_seconds": statistics.fmean(run.training_seconds for run in runs),
        "commits": sorted({run.commit for run in runs}),
        "super_resolution": mean_numbers([one.get("super_resolution") or {} for one in results]),
        "whole_cells": summarize_cells(
            [run.predictions for run in runs],
            interval=lambda values, cells: _interval(values, cells, first),
        ),
        "recall": {
            name: None if np.isnan(recall) else float(recall)
            for name, recall in zip(CLASS_NAMES, recalls, strict=True)
        },
    }


def compare_rows(first: Sequence[TableRun], second: Sequence[TableRun]) -> dict[str, Any]:
    """Compare two rows image by image, seed by seed.

    Args:
        first: runs of a row.
        second: runs of another row.

    Returns:
        JSON values: `first`, `second`, `seeds` with a comparison for each common seed, and
        `mean`: the mean difference over these seeds, with an interval over cells. The seeds
        test the same images, so that there is no p value of all of them together.

    Raises:
        ValueError: the runs of a seed and fold tested different images.
    """
    common = common_runs(first, second)
    seeds, differences, cells = [], [], []
    for seed in sorted({seed for seed, _ in common}):
        left, right = (
            _predictions([run for run in runs if run.seed == seed and (seed, run.fold) in common])
            for runs in (first, second)
        )
        if {key: label for key, (label, _) in left.items()} != {
            key: label for key, (label, _) in right.items()
        }:
            raise ValueError(
                f"`{first[0].row}` and `{second[0].row}` must have tested the same images, got "
                f"others for seed {seed}; run both on the same data, under another `--name`."
            )
        hits = np.array([[one[key][0] == one[key][1] for one in (left, right)] for key in left])
        # Floats, because the difference of two booleans isn't defined.
        change = hits[:, 0].astype(float) - hits[:, 1]
        only_first, only_second = int((change > 0).sum()), int((change < 0).sum())
        names = np.array([cell for cell, _ in left])
        seeds.append(
            {
                "seed": seed,
                "images": len(left),
                "only_first_right": only_first,
                "only_second_right": only_second,
                "p_value": mcnemar(only_first, only_second),
                "difference": float(change.mean()),
                "difference_interval": list(_interval(change, names, first[0])),
            }
        )
        differences.append(change)
        cells.append(names)
    changes = np.concatenate(differences)
    interval = _interval(changes, np.concatenate(cells), first[0])
    return {
        "first": first[0].row,
        "second": second[0].row,
        "confidence_level": _level(first[0]),
        "seeds": seeds,
        "mean": {"difference": float(changes.mean()), "difference_interval": list(interval)},
    }


def common_runs(first: Iterable[TableRun], second: Iterable[TableRun]) -> set[tuple[int, int]]:
    """Find the (seed, fold) for which both rows have a run."""
    return {run.key[1:] for run in first} & {run.key[1:] for run in second}


def table_json(table: Mapping[str, Any]) -> str:
    """Write a table as JSON that stays legible: a list of plain values takes one line.

    Args:
        table: see `build_table`.

    Returns:
        The text.
    """
    text = json.dumps(table, indent=2, ensure_ascii=False) + "\n"
    # A line end never stands inside a JSON string, so that only structure is matched.
    return re.sub(
        r"\[\n\s*([^\[\]{}]*?)\n\s*\]", lambda m: "[" + re.sub(r"\n\s*", " ", m[1]) + "]", text
    )


def _predictions(runs: Iterable[TableRun]) -> dict[tuple[str, str], tuple[str, str]]:
    """Pool the folds of a seed: (cell, image) → true and predicted class."""
    pooled: dict[tuple[str, str], tuple[str, str]] = {}
    for run in runs:
        columns = (run.predictions[name] for name in ("cell", "name", "class", "predicted"))
        for cell, name, label, read in zip(*columns, strict=True):
            if (cell, name) in pooled:
                raise ValueError(
                    f"an image must be tested once a seed, got `{name}` of cell `{cell}` twice in "
                    f"row `{run.row}`, seed {run.seed}; give each fold and image a name of its own."
                )
            pooled[cell, name] = label, read
    return pooled


def _confusion(tested: Mapping[Any, tuple[str, str]]) -> np.ndarray:
    confusion = np.zeros((len(CLASS_NAMES), len(CLASS_NAMES)), np.int64)
    for label, read in tested.values():
        confusion[CLASS_NAMES.index(label), CLASS_NAMES.index(read)] += 1
    return confusion


def _level(run: TableRun) -> float:
    return run.config["evaluation"]["confidence_level"]


def _interval(values: np.ndarray, cells: np.ndarray, run: TableRun) -> tuple[float, float]:
    resamples = run.config["evaluation"]["bootstrap_resamples"]
    return bootstrap_mean(
        values, cells, resamples=resamples, level=_level(run), seed=BOOTSTRAP_SEED
    )


def _field(config: Mapping[str, Any], path: str) -> Any:
    return functools.reduce(lambda values, name: values[name], path.split("."), config)
