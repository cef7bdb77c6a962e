from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from superxception_jax.evaluation.cells import (
    CellMetrics,
    assign_cells,
    compare_cell,
    compute_cell_metrics,
)
from superxception_jax.evaluation.statistics import Interval
from superxception_jax.karyotyping.assignment import assign_cell
from superxception_jax.karyotyping.prior import default_prior, incomplete_prior

MALE, FEMALE = [2] * 22 + [1, 1], [2] * 22 + [2, 0]


def test_cells_are_assigned_one_by_one_and_compared():
    labels = np.concatenate([np.repeat(np.arange(24), one) for one in (MALE, FEMALE, MALE)])
    cells = np.repeat(["a", "b", "c"], 46)
    values = np.zeros((len(labels), 24))
    values[np.arange(len(labels)), labels] = 12.0
    # In b a 3 and a 4 are exchanged; in c the Y looks like a second X.
    three, four = 46 + 4, 46 + 6
    values[[three, four]] = values[[four, three]]
    values[137] = 0.0
    values[137, 22] = 20.0
    order = np.random.default_rng(0).permutation(len(labels))
    labels, cells = labels[order].astype(np.int32), cells[order]
    assigned = assign_cells(values[order], cells)
    assert (assigned == labels).sum() == len(labels) - 3
    a, b, c = (compare_cell(labels[cells == name], assigned[cells == name]) for name in "abc")
    assert (a.fully_correct, a.sex_correct, a.counts_correct) == (True, True, True)
    assert (b.fully_correct, b.sex_correct, b.counts_correct) == (False, True, True)
    assert (c.fully_correct, c.sex_correct, c.counts_correct) == (False, False, False)
    found = metrics(labels, assigned, cells)
    assert found.accuracy == 135 / 138
    assert (found.cells, found.fully_correct, found.sex_correct) == (3, 1 / 3, 2 / 3)
    assert found.counts_correct == 2 / 3
    assert found.accuracy_interval == Interval(None, "cell", 3)
    assert found.parts == 0
    # With a third 3 instead of a 5 the sex is still correct, and the counts are not.
    assigned[(cells == "a") & (labels == 4)] = 2
    worse = metrics(labels, assigned, cells)
    assert (worse.fully_correct, worse.sex_correct, worse.counts_correct) == (0, 2 / 3, 1 / 3)


def metrics(labels, assigned, cells, cases=None):
    return compute_cell_metrics(
        labels, assigned, cells, cases=cases, resamples=50, level=0.9, seed=0
    )


def test_the_interval_is_over_patients_where_they_are_known():
    labels = np.zeros(60, np.int32)
    assigned = (np.random.default_rng(0).random(60) < 0.3).astype(np.int64)
    cells = np.array([f"c{index % 12}" for index in range(60)])
    cases = np.array([f"p{index % 6}" for index in range(60)])
    found = metrics(labels, assigned, cells, cases)
    assert (found.accuracy_interval.unit, found.accuracy_interval.count) == ("case", 6)
    ends = found.accuracy_interval.ends
    assert ends is not None
    assert ends[0] < found.accuracy < ends[1]
    assert metrics(labels, assigned, cells).accuracy_interval.unit == "cell"
    assert found.parts == 12


def test_a_part_of_a_cell_is_assigned_as_a_part():
    # Ten images of chromosome 1 and 2 of several cells, each slightly more like another class:
    # complete cells have no room for so many, but neither have they 20 losses.
    generator = np.random.default_rng(3)
    labels = np.repeat(np.arange(5), 2)
    values = generator.normal(0.0, 1.0, (10, 24))
    values[np.arange(10), labels] += 4.0
    whole = np.repeat(np.arange(24), MALE)
    sure = np.zeros((46, 24))
    sure[np.arange(46), whole] = 12.0
    assigned = assign_cells(np.concatenate([values, sure]), np.repeat(["part", "whole"], (10, 46)))
    expected = assign_cell(values, prior=incomplete_prior()).labels
    np.testing.assert_array_equal(assigned[:10], expected)
    np.testing.assert_array_equal(assigned[10:], whole)
    wrong = assign_cell(values, prior=default_prior()).labels
    assert (assigned[:10] == labels).sum() > (wrong == labels).sum()


def test_a_cell_that_cannot_be_assigned_is_named():
    values = np.zeros((139, 24))
    with pytest.raises(ValueError, match="cell `patient 7`: `log_likelihoods` must be those of 1"):
        assign_cells(values, np.repeat(["a", "patient 7"], (46, 93)))


def test_metrics_survive_json_and_load_from_earlier_versions():
    metrics = CellMetrics(0.9, Interval((0.8, 1.0), "case", 9), 14, 0.5, 1.0, 0.75, parts=2)
    stored = json.loads(json.dumps(metrics.to_json()))
    assert CellMetrics.from_json(stored) == metrics
    earlier = {"entirely_right": 0.5, "sex_right": 1.0, "counts_right": 0.75}
    kept = {name: stored[name] for name in ("accuracy", "accuracy_interval", "cells")}
    over_cells = Interval((0.8, 1.0), "cell", 14)
    expected = dataclasses.replace(metrics, accuracy_interval=over_cells, parts=None)
    assert CellMetrics.from_json(kept | earlier) == expected
