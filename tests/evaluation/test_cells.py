from __future__ import annotations

import json

import numpy as np

from superxception_jax.evaluation.cells import (
    CellMetrics,
    assign_cells,
    compare_cell,
    compute_cell_metrics,
)
from superxception_jax.karyotyping.prior import default_prior

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
    assigned = assign_cells(values[order], cells, prior=default_prior())
    assert (assigned == labels).sum() == len(labels) - 3
    a, b, c = (compare_cell(labels[cells == name], assigned[cells == name]) for name in "abc")
    assert (a.fully_correct, a.sex_correct, a.counts_correct) == (True, True, True)
    assert (b.fully_correct, b.sex_correct, b.counts_correct) == (False, True, True)
    assert (c.fully_correct, c.sex_correct, c.counts_correct) == (False, False, False)
    found = compute_cell_metrics(labels, assigned, cells, resamples=50, level=0.9, seed=0)
    assert found.accuracy == 135 / 138
    assert (found.cells, found.fully_correct, found.sex_correct) == (3, 1 / 3, 2 / 3)
    assert found.accuracy_interval[0] < found.accuracy < found.accuracy_interval[1]


def test_metrics_survive_json_and_load_from_earlier_versions():
    metrics = CellMetrics(0.9, (0.8, 1.0), 4, 0.5, 1.0, 0.75)
    stored = json.loads(json.dumps(metrics.to_json()))
    assert CellMetrics.from_json(stored) == metrics
    earlier = {"entirely_right": 0.5, "sex_right": 1.0, "counts_right": 0.75}
    kept = {name: stored[name] for name in ("accuracy", "accuracy_interval", "cells")}
    assert CellMetrics.from_json(kept | earlier) == metrics
