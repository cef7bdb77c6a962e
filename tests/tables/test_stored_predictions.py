"""The columns that a table keeps of its runs, on disk and in memory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.runs.split.split_file import StoredImage
from superxception_jax.tables import stored_predictions
from superxception_jax.tables.stored_predictions import (
    compact_predictions,
    load_run_predictions,
    save_run_predictions,
)
from tests.tables.hand_made import predictions
from tests.tables.planned_runs import run_predictions


def assert_equal(one, other):
    for field in dataclasses.fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        assert (left is None) == (right is None), field.name
        if left is not None:
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)


def test_the_predictions_of_a_run_become_small_columns():
    images = {name: StoredImage("0", "0", 0, f"hash {name}", "test") for name in "01234"}
    one = compact_predictions(run_predictions("1 2 2 X", assigned="1 1 2 Y"), images=images)
    assert one.names.tolist() == ["0", "1", "2", "3"]
    assert one.cells.tolist() == ["0", "0", "1", "1"]
    assert (one.labels.tolist(), one.predicted.tolist()) == ([0, 1, 0, 22], [0, 1, 1, 22])
    assert one.assigned is not None
    assert one.assigned.tolist() == [0, 0, 1, 23]
    assert one.correct.tolist() == [True, True, False, True]
    assert one.confidences is not None
    np.testing.assert_allclose(one.confidences, 0.9, rtol=1e-6)
    # Each cell is its own case: none is known.
    assert one.cases is None
    patients = dataclasses.replace(run_predictions("1 2 2 X"), cases=np.array(["p", "p", "p", "p"]))
    one = dataclasses.replace(one, cases=compact_predictions(patients, images=None).cases)
    kinds = {field.name: getattr(one, field.name).dtype.kind for field in dataclasses.fields(one)}
    assert kinds == {
        "names": "U", "cells": "U", "labels": "i", "predicted": "i", "assigned": "i",
        "confidences": "f", "cases": "U", "pixels": "U",
    }  # fmt: skip
    assert one.pixels is not None
    assert one.pixels.tolist() == ["hash 0", "hash 1", "hash 2", "hash 3"]
    bare = compact_predictions(run_predictions("1 2 2 X"), images=None)
    assert (bare.assigned, bare.pixels) == (None, None)


def test_equal_images_are_compared_as_arrays(monkeypatch):
    first = dataclasses.replace(predictions("1 2 2 X"), pixels=np.array(["1", "2", "3", "4"]))
    # The first run of each fold is compared with itself at every write of a table.
    monkeypatch.setattr(stored_predictions, "StoredImage", None)
    assert first.describe_difference(first) == ""
    assert first.describe_difference(predictions("2 2 2 X")) == ""


def test_images_differ_by_name_class_and_known_pixels(tmp_path):
    bare = predictions("1 2 2 X")
    first = dataclasses.replace(bare, pixels=np.array(["1", "2", "3", "4"]))
    other = dataclasses.replace(bare, pixels=np.array(["1", "2", "3", "5"]))
    assert not first.has_same_images(other)
    assert first.describe_difference(other) == "  changed: 1 image: 0d of cell 0-2 (pixels)"
    # A run that stored no pixels can't be compared in them, and gets none from another.
    assert first.has_same_images(bare)
    assert first.describe_difference(bare) == ""
    runs, folds = {"a": first, "b": bare, "c": other}, {"a": 0, "b": 0, "c": 0}
    path = save_run_predictions(tmp_path / "predictions.npz", runs, folds=folds)
    for name, one in load_run_predictions(path, folds=folds).items():
        assert_equal(one, runs[name])


def test_a_file_holds_the_images_of_a_fold_once(tmp_path):
    first, second = predictions("1 2 2 X"), predictions("1 1 1 X", assigned="1 2 1 Y")
    third = predictions("2 2 1 X", fold=1, confidences=(0.5, 0.25, 1.0, 0.75))
    other = dataclasses.replace(first, names=np.array(["a", "b", "c", "dé"]))
    runs = {"a@0.5-seed0-fold0": first, "b": second, "c": third, "d": other}
    folds = {"a@0.5-seed0-fold0": 0, "b": 0, "c": 1, "d": 0}
    path = save_run_predictions(tmp_path / "predictions.npz", runs, folds=folds)
    with np.load(path) as stored:
        assert sorted(stored.files) == [
            "a@0.5-seed0-fold0.predicted",
            *("b.assigned", "b.predicted", "c.confidences", "c.predicted"),
            *("d.cells", "d.labels", "d.names", "d.predicted"),
            *("fold0.cells", "fold0.labels", "fold0.names"),
            *("fold1.cells", "fold1.labels", "fold1.names"),
        ]
    loaded = load_run_predictions(path, folds=folds)
    assert list(loaded) == list(runs)
    for name, one in runs.items():
        assert_equal(loaded[name], one)
    assert [file.name for file in tmp_path.iterdir()] == ["predictions.npz"]


def test_cases_are_stored_where_they_are_known_and_never_lost(tmp_path):
    unknown = predictions("1 2 2 X")
    known = dataclasses.replace(unknown, cases=np.array(["p", "p", "q", "q"]))
    for first, second in ((known, known), (unknown, known), (known, unknown)):
        runs, folds = {"a": first, "b": second}, {"a": 0, "b": 0}
        path = save_run_predictions(tmp_path / "predictions.npz", runs, folds=folds)
        loaded = load_run_predictions(path, folds=folds)
        for name, one in runs.items():
            assert_equal(loaded[name], one)
    assert known.has_same_images(unknown)


def test_a_file_without_the_runs_is_refused(tmp_path):
    path = tmp_path / "predictions.npz"
    with pytest.raises(ValueError, match="must hold the predictions of the table's runs, got"):
        load_run_predictions(path, folds={"a": 0})
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="must hold the predictions of the table's runs, got"):
        load_run_predictions(path, folds={"a": 0})
    save_run_predictions(path, {"a": predictions("1 2 2 X")}, folds={"a": 0})
    with pytest.raises(ValueError, match=r"got a damaged file \('b\.predicted'\); restore it"):
        load_run_predictions(path, folds={"b": 0})


def test_wrong_columns_are_refused():
    one = predictions("1 2 2 X")
    with pytest.raises(TypeError, match="`labels` must be"):
        dataclasses.replace(one, labels=one.labels.astype(np.int64))
    with pytest.raises(ValueError, match="`confidences` must be"):
        dataclasses.replace(one, confidences=np.ones(3, np.float32))
    assert one.has_same_images(predictions("2 2 1 X"))
    assert not one.has_same_images(predictions("1 2 2 X", fold=1))
