"""The predictions that a table keeps of its runs: columns in one compressed file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.evaluation.predictions import Predictions
from superxception_jax.files import damaged, load_arrays, replacing
from superxception_jax.runs.split.split_file import UNUSED, StoredImage, describe_difference

# What says which images were tested; the same for all runs of a fold as a rule.
IMAGE_COLUMNS = ("names", "cells", "labels")
_SHARED_COLUMNS = (*IMAGE_COLUMNS, "pixels", "cases")
_RUN_COLUMNS = ("predicted", "assigned", "confidences")


@dataclass(frozen=True, eq=False)
class StoredPredictions:
    """The predictions of all tested images of a run.

    Attributes:
        names: str[N], name of each image, unique together with its cell.
        cells: str[N], cell of each image.
        labels: i8[N], true classes, indices into `CLASS_NAMES`.
        predicted: i8[N], most probable class of each image by itself.
        assigned: i8[N], classes after the assignment of whole cells; None where the split divides
            cells.
        confidences: f32[N], probability of each predicted class, not calibrated; None for runs
            whose table was made before version 0.2.
        cases: str[N], patient or sample of each image; None where none is known.
        pixels: str[N], hash of each raw image; None for runs that didn't store it.

    Raises:
        ValueError: The arrays differ in length.
        TypeError: An array has the wrong dtype.
    """

    names: np.ndarray
    cells: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    assigned: np.ndarray | None
    confidences: np.ndarray | None
    cases: np.ndarray | None = None
    pixels: np.ndarray | None = None

    def __post_init__(self) -> None:
        optional = {
            "assigned": "i8[N]",
            "confidences": "f32[N]",
            "cases": "any[N]",
            "pixels": "any[N]",
        }
        given = {name: (getattr(self, name), kind) for name, kind in optional.items()}
        check(
            names=(self.names, "any[N]"),
            cells=(self.cells, "any[N]"),
            labels=(self.labels, "i8[N]"),
            predicted=(self.predicted, "i8[N]"),
            **{name: one for name, one in given.items() if one[0] is not None},
        )

    @property
    def correct(self) -> np.ndarray:
        """Return whether each image is classified correctly by itself, bool[N]."""
        return self.labels == self.predicted

    def has_same_images(self, other: StoredPredictions) -> bool:
        """Return whether another run tested the same images, in the same order.

        Pixels are compared where both runs stored their hashes.
        """
        known = self.pixels is not None and other.pixels is not None
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ((*IMAGE_COLUMNS, "pixels") if known else IMAGE_COLUMNS)
        )

    def describe_difference(self, other: StoredPredictions) -> str:
        """Return in which images another run differs, as `split_file.describe_difference`."""
        if self.has_same_images(other):
            return ""  # without an object for each image
        known = self.pixels is not None and other.pixels is not None
        return describe_difference(*(one._images(pixels=known) for one in (self, other)))

    def _images(self, *, pixels: bool) -> dict[str, StoredImage]:
        hashes = self.pixels if pixels and self.pixels is not None else np.full(len(self.names), "")
        rows = zip(self.names, self.cells, self.labels, hashes, strict=True)
        return {
            f"{name} of cell {cell}": StoredImage(str(cell), "", int(label), str(one), UNUSED)
            for name, cell, label, one in rows
        }


def compact_predictions(
    predictions: Predictions, *, images: Mapping[str, StoredImage] | None
) -> StoredPredictions:
    """Return the columns that a table keeps of the predictions of a run.

    Args:
        predictions: Predictions of the test images.
        images: Images of the run's data set by name; None if it didn't store them.
    """
    assigned = predictions.assigned
    known = not np.array_equal(predictions.cells, predictions.cases)
    names = predictions.names.astype(str)
    pixels = None
    if images is not None and all(name in images for name in names.tolist()):
        pixels = np.array([images[name].pixels for name in names.tolist()])
    return StoredPredictions(
        names=names,
        cells=predictions.cells.astype(str),
        labels=predictions.labels.astype(np.int8),
        predicted=predictions.predicted.astype(np.int8),
        assigned=None if assigned is None else assigned.astype(np.int8),
        confidences=predictions.confidences.astype(np.float32),
        cases=predictions.cases.astype(str) if known else None,
        pixels=pixels,
    )


def join_column(parts: Sequence[StoredPredictions], name: str) -> np.ndarray | None:
    """Return a column of several predictions, one after the other.

    Args:
        parts: Predictions, at least one.
        name: Name of the column.

    Returns:
        The column; None if any of them lacks it.
    """
    columns = [getattr(one, name) for one in parts]
    return None if any(one is None for one in columns) else np.concatenate(columns)


def join_cases(parts: Sequence[StoredPredictions]) -> np.ndarray | None:
    """Return the case of each image of several predictions, one after the other.

    Args:
        parts: Predictions, at least one.

    Returns:
        The cases; a cell of which no predictions know one is its own. None if all know none.
    """
    known = {
        cell: case
        for one in parts
        if one.cases is not None
        for cell, case in zip(one.cells.tolist(), one.cases.tolist(), strict=True)
    }
    if not known:
        return None
    return np.array([known.get(cell, cell) for one in parts for cell in one.cells.tolist()])


def save_run_predictions(
    path: Path, predictions: Mapping[str, StoredPredictions], *, folds: Mapping[str, int]
) -> Path:
    """Write the predictions of all runs of a table, completely or not at all.

    Args:
        path: Target, ending in `.npz`; its folder exists.
        predictions: Predictions by the name of their run.
        folds: Fold that each run tested.

    Returns:
        The path. Runs of a fold that tested the same images share the columns `fold<n>.names`,
        `.cells`, `.labels` and, where they are known, `.cases` and `.pixels`; the columns of a run
        begin with the run's name.
    """
    arrays: dict[str, Any] = {}
    shared: dict[int, StoredPredictions] = {}
    for run, one in predictions.items():
        first = shared.setdefault(folds[run], one)
        if first is one:
            arrays |= _columns(f"fold{folds[run]}", one, _SHARED_COLUMNS)
        elif (
            not first.has_same_images(one)
            or not _equal(first.cases, one.cases)
            or (first.pixels is None) != (one.pixels is None)
        ):
            arrays |= _columns(run, one, _SHARED_COLUMNS)
        arrays |= _columns(run, one, _RUN_COLUMNS)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


def load_run_predictions(path: Path, *, folds: Mapping[str, int]) -> dict[str, StoredPredictions]:
    """Return the predictions that `save_run_predictions` wrote, by the name of their run.

    Args:
        path: The file.
        folds: Fold that each run tested.

    Raises:
        ValueError: The file is missing or doesn't hold the predictions of these runs.
    """
    content, remedy = "the predictions of the table's runs", "restore it from a copy"
    try:
        arrays = load_arrays(path, content=content, remedy=remedy)
        return {run: _select(arrays, run, fold) for run, fold in folds.items()}
    except (FileNotFoundError, KeyError, TypeError) as error:
        raise damaged(path, error, content=content, remedy=remedy) from error


def _equal(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    if first is None or second is None:
        return first is second
    return np.array_equal(first, second)


def _columns(
    owner: str, predictions: StoredPredictions, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    columns = {f"{owner}.{name}": getattr(predictions, name) for name in names}
    return {name: column for name, column in columns.items() if column is not None}


def _select(arrays: Mapping[str, np.ndarray], run: str, fold: int) -> StoredPredictions:
    owner = run if f"{run}.{IMAGE_COLUMNS[0]}" in arrays else f"fold{fold}"
    return StoredPredictions(
        names=arrays[f"{owner}.names"],
        cells=arrays[f"{owner}.cells"],
        labels=arrays[f"{owner}.labels"],
        predicted=arrays[f"{run}.predicted"],
        assigned=arrays.get(f"{run}.assigned"),
        confidences=arrays.get(f"{run}.confidences"),
        cases=arrays.get(f"{owner}.cases"),
        pixels=arrays.get(f"{owner}.pixels"),
    )
