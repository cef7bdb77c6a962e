"""The results of a tested run: what `results.json` holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superxception_jax.evaluation.cells import CellMetrics
from superxception_jax.evaluation.metrics import FEWEST_CALIBRATION_IMAGES
from superxception_jax.evaluation.statistics import Interval
from superxception_jax.files import damaged, load_json
from superxception_jax.runs.kinds import check_kinds
from superxception_jax.runs.provenance import Provenance
from superxception_jax.runs.testing.source_metrics import SourceMetrics
from superxception_jax.training.progress import Progress

RESULTS_FILE = "results.json"
UNLEARNED = "unlearned"
# What is said where the orientation of no tested image is known, by `orientation_from`.
_ORIENTATIONS = {
    "read": "predicted, but not measured: no tested image is known to be upright",
    UNLEARNED: "not learned: no training image is known to be upright",
    "given": "not predicted: every image is taken as upright",
}
_REMEDY = "test the run again with launch/evaluate.py"


@dataclass(frozen=True)
class CalibrationMetrics:
    """What temperature scaling does to the probabilities of a split.

    Attributes:
        temperature: Temperature fitted on the validation images; 1 where they are too few.
        loss: Mean negative log-likelihood after scaling, nats.
        expected_calibration_error: Calibration error after scaling; None for too few images.
        fitted_images: Number of validation images; None in results of versions that didn't store
            it.
    """

    temperature: float
    loss: float
    expected_calibration_error: float | None
    fitted_images: int | None = None

    @property
    def fitted_on(self) -> str:
        """Return which images the temperature is fitted on."""
        if self.fitted_images is None:
            return "validation images"
        text = f"{self.fitted_images:,} validation images"
        if self.fitted_images < FEWEST_CALIBRATION_IMAGES:
            return f"nothing: {text} are too few"
        return text


@dataclass(frozen=True)
class PolarityMetrics:
    """How well a network reads class and polarity of one set of images.

    Attributes:
        accuracy: Share of images with the correct class.
        polarity_accuracy: Share of images with the correct orientation.
    """

    accuracy: float
    polarity_accuracy: float


@dataclass(frozen=True)
class RunResults:
    """The results of one split of a run.

    Attributes:
        name: Name of the config.
        preset: Preset of the config, empty for the embedded one.
        dataset: Name of the data set, or several names with commas.
        protocol: Split protocol.
        split: Tested split: train, validation or test.
        seed: Random seed of the run.
        confidence_level: Confidence level of the intervals, 0..1.
        images: Number of tested images.
        accuracy: Share of correct images, each classified by itself.
        accuracy_interval: Interval of the accuracy over cases or cells.
        macro_f1: Mean F1 score of the classes that occur or are predicted.
        loss: Mean negative log-likelihood, nats.
        expected_calibration_error: Calibration error of the raw probabilities; None for too few
            images.
        recall: Share of correct images by class name; None for an absent class.
        parameters: Number of parameters of the network.
        multiply_accumulates: Multiply-accumulates per view of an image; None in results of
            versions that didn't count them.
        calibration: Effect of temperature scaling.
        progress: Progress of the training.
        trainings: Provenance of the training; empty in results of versions that didn't store it.
        evaluation: Provenance of the evaluation.
        super_resolution: Similarity to the true crops by measure, see `restoration_quality`;
            None without images to restore.
        polarity: Metrics of upright images (`upright`) and of images turned at random
            (`turned_at_random`); None for a network that doesn't read polarity.
        cells: Metrics after the assignment of whole cells; None where the split divides cells,
            or a cell can't be assigned.
        cells_withheld: Why the cells could not be assigned; empty if they were, or the split
            divides them.
        finished: Whether the training had come to its end; None in results of versions that didn't
            store it, see `superxception_jax.runs.finished`.
        sources: Metrics of each data set; empty for one.
        orientation_from: Whether the orientation is `given`, `read` or `UNLEARNED`: predicted by a
            network that learned of no image which end is up; None in results of versions that
            didn't store it.
        start: Metrics of the weights that the training started from, on the same images; None
            where they didn't count as a result of the training.
        missing: Names of the measurements that failed, which a repeated test makes up for.
    """

    name: str
    preset: str
    dataset: str
    protocol: str
    split: str
    seed: int
    confidence_level: float
    images: int
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    loss: float
    expected_calibration_error: float | None
    recall: Mapping[str, float | None]
    parameters: int
    multiply_accumulates: int | None
    calibration: CalibrationMetrics
    progress: Progress
    trainings: tuple[Provenance, ...]
    evaluation: Provenance
    super_resolution: Mapping[str, float] | None = None
    polarity: Mapping[str, PolarityMetrics] | None = None
    cells: CellMetrics | None = None
    cells_withheld: str = ""
    finished: bool | None = None
    sources: Mapping[str, SourceMetrics] = dataclasses.field(default_factory=dict)
    start: SourceMetrics | None = None
    orientation_from: str | None = None
    missing: tuple[str, ...] = ()

    @property
    def absent_classes(self) -> tuple[str, ...]:
        """Return the classes of no tested image."""
        return tuple(name for name, share in self.recall.items() if share is None)

    @property
    def orientation(self) -> str:
        """Return whether the network predicts orientations, or takes images as upright."""
        return "predicted" if self.polarity else _ORIENTATIONS[self.orientation_from or "given"]

    @property
    def commits(self) -> tuple[str, ...]:
        """Return the commits that trained and tested the run, each once."""
        commits = [one.commit for one in (*self.trainings, self.evaluation)]
        return tuple(dict.fromkeys(commits))

    def to_json(self) -> dict[str, Any]:
        """Return the results as JSON values; absent parts are left out."""
        values = {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) is not None
        }
        values |= self.accuracy_interval.to_json()
        values["expected_calibration_error"] = self.expected_calibration_error
        values["recall"] = dict(self.recall)
        values["orientation"] = self.orientation
        values["calibration"] = dataclasses.asdict(self.calibration) | {
            "fitted_on": self.calibration.fitted_on
        }
        for name in ("cells_withheld", "missing", "sources"):
            if not values[name]:
                del values[name]
        values["progress"] = self.progress.to_json()
        values["trainings"] = [one.to_json() for one in self.trainings]
        values["evaluation"] = self.evaluation.to_json()
        if self.super_resolution is not None:
            values["super_resolution"] = dict(self.super_resolution)
        if self.polarity is not None:
            values["polarity"] = {
                name: dataclasses.asdict(one) for name, one in self.polarity.items()
            }
        if self.cells is not None:
            values["cells"] = self.cells.to_json()
        if self.sources:
            values["sources"] = {name: one.to_json() for name, one in self.sources.items()}
        if self.start is not None:
            values["start"] = self.start.to_json()
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunResults:
        """Return the results that `to_json` of this or an earlier version wrote.

        Raises:
            KeyError: A value is missing.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        parts = {name: value for name, value in values.items() if name in names}
        calibration = {
            name: values["calibration"][name]
            for name in ("temperature", "loss", "expected_calibration_error")
        }
        calibration["fitted_images"] = values["calibration"].get("fitted_images")
        cells = CellMetrics.from_json(values["cells"]) if "cells" in values else None
        # Earlier versions stored one provenance, that of the evaluation.
        evaluation = values.get("evaluation", values.get("environment"))
        parts |= {
            "multiply_accumulates": values.get("multiply_accumulates"),
            "accuracy_interval": Interval.from_json(values, cells=cells.cells if cells else None),
            "cells": cells,
            "calibration": CalibrationMetrics(**calibration),
            "progress": Progress.from_json(values["progress"]),
            "trainings": tuple(Provenance.from_json(one) for one in values.get("trainings", ())),
            "evaluation": Provenance.from_json(evaluation),
            "missing": tuple(values.get("missing", ())),
        }
        if "polarity" in values:
            parts["polarity"] = {
                name: PolarityMetrics(**one) for name, one in values["polarity"].items()
            }
        parts["sources"] = {
            name: SourceMetrics.from_json(one) for name, one in values.get("sources", {}).items()
        }
        if "start" in values:
            parts["start"] = SourceMetrics.from_json(values["start"])
        return cls(**parts)


def load_results(folder: Path) -> RunResults:
    """Return the test results of a run.

    Args:
        folder: Folder of a tested run, or of an exported network.

    Raises:
        FileNotFoundError: The run has not been tested.
        OutdatedResultsError: A value is missing, as in results of the first versions.
        ValueError: The file is damaged.
    """
    path = folder / RESULTS_FILE
    values = load_json(path, content="the results of a run", remedy=_REMEDY)
    try:
        results = RunResults.from_json(values)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        missing = f"{error} missing" if isinstance(error, KeyError) else "a value is missing"
        raise OutdatedResultsError(
            f"`{path}` must be the results of a run, got none of this version ({missing}); "
            f"{_REMEDY}."
        ) from error
    try:
        check_kinds(results)
    except TypeError as error:
        raise damaged(path, error, content="the results of a run", remedy=_REMEDY) from error
    if not 0 <= results.accuracy <= 1:
        problem = f"`accuracy` is {results.accuracy!r}"
        raise damaged(path, problem, content="the results of a run", remedy=_REMEDY)
    return results


class OutdatedResultsError(ValueError):
    """Results lack a value, as those of the first versions do."""
