"""The predictions of a tested split: one record, saved compressed, with CSV as its export."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.files import damaged, load_arrays, replacing

_NAMES = ("names", "cells", "cases")
_LABELS = {name: label for label, name in enumerate(CLASS_NAMES)}


@dataclass(frozen=True)
class Predictions:
    """The predictions of all images of a split.

    Attributes:
        names: str[N], name of each image, unique together with its cell.
        cells: str[N], cell of each image.
        cases: str[N], patient or sample of each image.
        labels: i32[N], true classes, indices into `CLASS_NAMES`.
        log_probabilities: f32[N,24], raw log-probabilities, not calibrated.
        assigned: i64[N], classes after the assignment of whole cells; None where the split
            divides cells.

    Raises:
        ValueError: The arrays differ in length.
        TypeError: An array has the wrong dtype.
    """

    names: np.ndarray
    cells: np.ndarray
    cases: np.ndarray
    labels: np.ndarray
    log_probabilities: np.ndarray
    assigned: np.ndarray | None

    def __post_init__(self) -> None:
        columns = {name: (getattr(self, name), "any[N]") for name in _NAMES}
        if self.assigned is not None:
            columns["assigned"] = (self.assigned, "i64[N]")
        check(
            labels=(self.labels, "i32[N]"),
            log_probabilities=(self.log_probabilities, f"f32[N,{len(CLASS_NAMES)}]"),
            **columns,
        )

    @property
    def predicted(self) -> np.ndarray:
        """Return the most probable class of each image by itself, i64[N]."""
        return self.log_probabilities.argmax(axis=1)

    @property
    def confidences(self) -> np.ndarray:
        """Return the probability of the predicted class of each image, f64[N]."""
        return np.exp(self.log_probabilities.max(axis=1).astype(np.float64))


def save_predictions(path: Path, predictions: Predictions) -> Path:
    """Write predictions as a compressed file, completely or not at all.

    Args:
        path: Target, ending in `.npz`; its folder exists.
        predictions: The record.

    Returns:
        The path.
    """
    arrays = {name: value for name, value in vars(predictions).items() if value is not None}
    for name in _NAMES:
        # NumPy saves texts of fixed width only.
        if arrays[name].dtype.kind == "T":
            arrays[name] = np.array(arrays[name].tolist())
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


def load_predictions(path: Path) -> Predictions:
    """Return the predictions that `save_predictions` wrote.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file doesn't hold predictions.
    """
    content, remedy = "the predictions of a run", "test the run again with launch/evaluate.py"
    arrays: dict[str, Any] = load_arrays(path, content=content, remedy=remedy)
    try:
        return Predictions(**{"assigned": None, **arrays})
    except (TypeError, ValueError) as error:
        raise damaged(path, error, content=content, remedy=remedy) from error


def predictions_csv(predictions: Predictions) -> str:
    """Return predictions as CSV, so that two runs can be compared image by image.

    Args:
        predictions: The record.

    Returns:
        One line per image: name, cell, case, class, predicted, confidence, assigned (where whole
        cells were assigned), then the probability of each class.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    assigned = [] if predictions.assigned is None else ["assigned"]
    head = ["name", "cell", "case", "class", "predicted", "confidence"]
    writer.writerow([*head, *assigned, *CLASS_NAMES])
    probabilities = np.exp(predictions.log_probabilities.astype(np.float64))
    for index, row in enumerate(probabilities):
        shares = [f"{value:.6f}" for value in row]
        predicted = int(row.argmax())
        texts = [str(getattr(predictions, name)[index]) for name in _NAMES]
        classes = [CLASS_NAMES[predictions.labels[index]], CLASS_NAMES[predicted]]
        line = [*texts, *classes, shares[predicted]]
        if predictions.assigned is not None:
            line.append(CLASS_NAMES[predictions.assigned[index]])
        writer.writerow(line + shares)
    return text.getvalue()


def load_earlier_predictions(folder: Path) -> Predictions:
    """Return the predictions of a run of a version before 0.2, which kept them as CSV only.

    Args:
        folder: Run folder with `predictions.csv` and, where whole cells were assigned,
            `assignments.csv`.

    Returns:
        The record; probabilities have the six digits of the file, and each cell counts as a case.
    """
    lines = _load_csv(folder / "predictions.csv")
    cells = np.array([line["cell"] for line in lines])
    shares = np.array([[float(line[name]) for name in CLASS_NAMES] for line in lines])
    # The rounded probabilities of two classes can be equal: the predicted one keeps its rank.
    shares[np.arange(len(lines)), [_LABELS[line["predicted"]] for line in lines]] += 1e-7
    assignments = folder / "assignments.csv"
    assigned = None
    if assignments.is_file():
        assigned = [_LABELS[line["assigned"]] for line in _load_csv(assignments)]
    with np.errstate(divide="ignore"):
        log_probabilities = np.log(shares).astype(np.float32)
    return Predictions(
        names=np.array([line["name"] for line in lines]),
        cells=cells,
        cases=cells,
        labels=np.array([_LABELS[line["class"]] for line in lines], np.int32),
        log_probabilities=log_probabilities,
        assigned=None if assigned is None else np.array(assigned, np.int64),
    )


def _load_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
