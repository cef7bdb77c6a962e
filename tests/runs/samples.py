"""Results of a run, and images of a laboratory, as tests need them."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.cells import CellMetrics
from superxception_jax.evaluation.statistics import Interval
from superxception_jax.runs.provenance import Provenance
from superxception_jax.runs.results import CalibrationMetrics, PolarityMetrics, RunResults
from superxception_jax.training.progress import Progress

PROVENANCE = Provenance(
    commit="0123456789ab",
    command="python launch/evaluate.py",
    python="3.11.7",
    versions={"jax": "0.10.2"},
    devices=("cpu:cpu",),
)
TRAINING = dataclasses.replace(
    PROVENANCE, commit="ba9876543210", command="python launch/main.py --config=configs/x.py"
)
MALE = np.repeat(np.arange(24), [2] * 22 + [1, 1]).astype(np.int32)
CELLS = CellMetrics(
    accuracy=0.985,
    accuracy_interval=Interval((0.976, 0.9925), "case", 37),
    cells=58,
    fully_correct=0.7586,
    sex_correct=1.0,
    counts_correct=0.9828,
)
POLARITY = {
    "upright": PolarityMetrics(accuracy=0.9, polarity_accuracy=0.991),
    "turned_at_random": PolarityMetrics(accuracy=0.9, polarity_accuracy=0.5),
}


def sample_results(**changes: Any) -> RunResults:
    """Return plausible results with the given changes."""
    results = RunResults(
        name="stripnet",
        preset="gband",
        dataset="gband",
        protocol="cases",
        split="test",
        seed=3,
        confidence_level=0.95,
        images=2665,
        accuracy=0.96584,
        accuracy_interval=Interval((0.9565, 0.9741), "case", 37),
        macro_f1=0.96,
        loss=0.12,
        expected_calibration_error=0.0627,
        recall=dict.fromkeys(CLASS_NAMES, 0.96) | {"Y": None},
        parameters=354336,
        multiply_accumulates=49_000_000,
        calibration=CalibrationMetrics(
            temperature=0.67, loss=0.11, expected_calibration_error=0.0059
        ),
        progress=Progress(training_seconds=30.0, best_validation_loss=0.1, best_step=7),
        trainings=(TRAINING,),
        evaluation=PROVENANCE,
    )
    return dataclasses.replace(results, **changes)


def sample_laboratory(
    source: str, *, cases: int, shade: int = 0, upright: bool = True
) -> Chromosomes:
    """Return one small image for each of two cells of each case of a data set.

    Their hashes depend on nothing but the cell.
    """
    cells = np.array([f"{case}.{number}" for case in range(cases) for number in range(2)])
    count = len(cells)
    return Chromosomes(
        images=np.full((count, 2, 2, 1), shade, np.uint8),
        labels=np.arange(count, dtype=np.int32) % len(CLASS_NAMES),
        cells=cells,
        cases=np.array([cell.partition(".")[0] for cell in cells]),
        names=np.array([f"{cell}/x" for cell in cells]),
        lengths_px=np.ones(count, np.float32),
        hashes=np.array([hashlib.sha256(cell.encode()).hexdigest()[:16] for cell in cells]),
        upright=np.full(count, upright),
        sources=np.full(count, source),
    )


def cells(*labels: np.ndarray, patients: int = 0) -> Chromosomes:
    """Return cells with these classes; the class is in the pixels."""
    classes = np.concatenate(labels)
    names = np.repeat([f"c{number}" for number in range(len(labels))], [len(x) for x in labels])
    images = np.zeros((len(classes), 50, 50, 1), np.uint8)
    images[:, 20:30, 20:30] = classes[:, None, None, None] + 100
    cases = np.array([f"p{int(name[1:]) % patients}" for name in names]) if patients else names
    return Chromosomes(
        images=images,
        labels=classes,
        cells=names,
        cases=cases,
        names=np.array([f"{name}/{index}" for index, name in enumerate(names)]),
        lengths_px=np.ones(len(classes), np.float32),
        hashes=names,
        upright=np.ones(len(classes), bool),
        sources=np.full(len(classes), "own"),
    )
