"""Runs of a table whose numbers can be computed by hand: four images of two cells."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from superxception_jax.chromosomes import class_label
from superxception_jax.evaluation.statistics import Interval
from superxception_jax.runs.provenance import Provenance
from superxception_jax.runs.results import CalibrationMetrics, RunResults
from superxception_jax.tables.finished_run import TableRun
from superxception_jax.tables.stored_predictions import StoredPredictions
from superxception_jax.training.progress import Progress

EVALUATION = {"confidence_level": 0.95, "bootstrap_resamples": 500, "batch_size": 64}
TRUTH = "1 2 1 X"


def labels(classes: str) -> np.ndarray:
    """Return i8[N], the labels of classes such as `1 2 2 X`."""
    return np.array([class_label(name) for name in classes.split()], np.int8)


def provenance(commit: str = "abc") -> Provenance:
    return Provenance(commit, "python launch/main.py", "3.11.7", {"jax": "0.10.2"}, ("cpu:cpu",))


def results(**more: Any) -> RunResults:
    values: dict[str, Any] = {
        "name": "xception",
        "preset": "paper",
        "dataset": "bioimage",
        "protocol": "paper",
        "split": "test",
        "seed": 0,
        "confidence_level": 0.95,
        "images": 4,
        "accuracy": 0.75,
        "accuracy_interval": Interval((0.5, 1.0), "cell", 24),
        "macro_f1": 0.5,
        "loss": 0.25,
        "expected_calibration_error": 0.1,
        "recall": {"1": 1.0, "2": None},
        "parameters": 1234567,
        "multiply_accumulates": 2_500_000,
        "calibration": CalibrationMetrics(0.5, 0.25, 0.125),
        "progress": Progress(60.0, 0.5, 7),
        "trainings": (provenance(),),
        "evaluation": provenance(),
        "finished": True,
    }
    return RunResults(**values | more)


def predictions(
    predicted: str,
    *,
    fold: int = 0,
    assigned: str | None = None,
    confidences: tuple[float, ...] | None = None,
    copies: int = 1,
) -> StoredPredictions:
    """Return the predictions of the four images, as often as `copies` says, in cells of two."""
    numbers = range(copies)
    more = ["" if number == 0 else f"+{number}" for number in numbers]
    return StoredPredictions(
        names=np.array([f"{fold}{letter}{one}" for one in more for letter in "abcd"]),
        cells=np.array([f"{fold}-{cell}{one}" for one in more for cell in "1122"]),
        labels=np.tile(labels(TRUTH), copies),
        predicted=np.tile(labels(predicted), copies),
        assigned=None if assigned is None else np.tile(labels(assigned), copies),
        confidences=(
            None if confidences is None else np.tile(np.array(confidences, np.float32), copies)
        ),
    )


def hand_made(
    row: str,
    predicted: str,
    *,
    seed: int = 0,
    fold: int = 0,
    assigned: str | None = None,
    confidences: tuple[float, ...] | None = None,
    copies: int = 1,
    **more: Any,
) -> TableRun:
    """Return a run that predicts `predicted`, such as `1 2 2 X`, for the classes 1, 2, 1 and X."""
    values = {
        "name": row,
        "seed": seed,
        "expected_calibration_error": 0.1 * (seed + 1),
        "progress": Progress(60.0 * (seed + 1), 0.5, 7),
    }
    return TableRun(
        row=row,
        seed=seed,
        fold=fold,
        config_file=f"configs/{row}.py:paper",
        command=f"python launch/main.py --config=configs/{row}.py:paper --config.seed={seed}",
        images_per_second=100.0 + seed,
        results=results(**values | more),
        config={
            "seed": seed,
            "data": {},
            "split": {"fold": fold},
            "model": {},
            "evaluation": EVALUATION,
        },
        predictions=predictions(
            predicted, fold=fold, assigned=assigned, confidences=confidences, copies=copies
        ),
    )


def varied(row: str, share: float, predicted: str, *, assigned: str | None = None) -> TableRun:
    """Return a run of a row `<row>@<share>` whose training share is varied."""
    one = hand_made(f"{row}@{share}", predicted, name=row, assigned=assigned)
    return dataclasses.replace(one, config={**one.config, "split": {"training_share": share}})


def four_runs(*, copies: int = 1) -> list[TableRun]:
    """Return two rows of two seeds; each misclassifies one image with one of its seeds."""
    quality: dict[str, Any] = {"super_resolution": {"psnr": 30.0, "ssim": 0.9}, "copies": copies}
    return [
        hand_made("xception", "1 2 2 X", seed=0, copies=copies),
        hand_made("xception", "1 2 1 X", seed=1, copies=copies),
        hand_made("super_xception", "1 2 1 X", seed=0, **quality),
        hand_made("super_xception", "1 1 1 X", seed=1, **quality),
    ]
