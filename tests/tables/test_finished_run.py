"""What a table keeps of a run: its key, its JSON values, and pooled folds."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from superxception_jax.tables.finished_run import TableRun, merge_runs, pool_folds
from tests.tables.hand_made import hand_made, labels


def test_merging_keeps_replaces_and_orders():
    earlier = [hand_made("b", "1 2 1 X", seed=1), hand_made("a", "1 2 1 X")]
    later = [
        hand_made("c", "1 2 1 X"),
        hand_made("b", "1 1 1 X", seed=1),
        hand_made("b", "1 2 1 X"),
    ]
    merged = merge_runs(earlier, later)
    assert [run.key for run in merged] == [("b", 0, 0), ("b", 1, 0), ("a", 0, 0), ("c", 0, 0)]
    assert merged[1].name == "b-seed1-fold0"
    np.testing.assert_array_equal(merged[1].predictions.predicted, labels("1 1 1 X"))


def test_json_holds_everything_but_the_predictions():
    run = hand_made("xception", "1 2 2 X", seed=1, fold=2)
    # A field that a later version added is filled in; the hand-made config has few others.
    values = json.loads(json.dumps(run.to_json()))
    again = TableRun.from_json(values, run.predictions)
    assert again.config["split"] == {"fold": 2, "test_only": ""}
    assert again.predictions is run.predictions
    for field in dataclasses.fields(TableRun):
        if field.name not in ("config", "predictions"):
            assert getattr(again, field.name) == getattr(run, field.name)
    with pytest.raises(TypeError, match="parameters"):
        TableRun.from_json(values | {"parameters": 3}, run.predictions)
    with pytest.raises(KeyError, match="results"):
        TableRun.from_json({"row": "xception"}, run.predictions)


def test_folds_are_pooled_by_cell_and_name():
    runs = [
        hand_made("xception", "1 2 1 X", fold=1, assigned="1 2 1 Y"),
        hand_made("xception", "2 2 1 X", fold=0),
    ]
    pooled = pool_folds(runs)
    assert pooled.names.tolist() == ["0a", "0b", "0c", "0d", "1a", "1b", "1c", "1d"]
    assert pooled.cells.tolist() == ["0-1", "0-1", "0-2", "0-2", "1-1", "1-1", "1-2", "1-2"]
    np.testing.assert_array_equal(pooled.predicted, labels("2 2 1 X 1 2 1 X"))
    np.testing.assert_array_equal(pooled.labels, labels("1 2 1 X 1 2 1 X"))
    # One run has no assignment, and none has confidences.
    assert (pooled.assigned, pooled.confidences) == (None, None)
    both = pool_folds([run for run in runs[:1]])
    np.testing.assert_array_equal(both.assigned, labels("1 2 1 Y"))
    same = dataclasses.replace(runs[1], fold=2)
    with pytest.raises(ValueError, match="must be tested once per seed, got `0a` of cell `0-1`"):
        pool_folds([runs[1], same])


def test_patients_of_some_folds_stay_patients_beside_folds_that_know_none():
    known, unknown = hand_made("xception", "1 2 1 X"), hand_made("xception", "2 2 1 X", fold=1)
    patients = np.array(["p", "p", "q", "q"])
    known = dataclasses.replace(
        known, predictions=dataclasses.replace(known.predictions, cases=patients)
    )
    for runs in ([known, unknown], [unknown, known]):
        pooled = pool_folds(runs)
        expected = [*patients, "1-1", "1-1", "1-2", "1-2"]
        np.testing.assert_array_equal(pooled.cases, expected)
        tested = [run.predictions for run in runs]
        interval = known.interval(np.ones(8), tested)
        assert (interval.unit, interval.count) == ("case", 4)
    assert pool_folds([unknown]).cases is None


def test_a_run_without_counted_operations_says_so():
    run = hand_made("xception", "1 2 1 X", multiply_accumulates=None)
    with pytest.raises(ValueError, match="`xception-seed0-fold0` must have counted its multiply"):
        _ = run.multiply_accumulates
