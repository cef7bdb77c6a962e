from __future__ import annotations

import numpy as np

from superxception_jax.evaluation.cells import assign_cells
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
    found = assign_cells(
        values[order], labels[order].astype(np.int32), cells[order], prior=default_prior()
    )
    by_name = {name: place for place, name in enumerate(found.cells)}
    rows = [by_name[name] for name in "abc"]
    np.testing.assert_array_equal(found.right[rows], [True, False, False])
    np.testing.assert_array_equal(found.sex_right[rows], [True, True, False])
    np.testing.assert_array_equal(found.counts_right[rows], [True, True, False])
    assert (found.labels == labels[order]).sum() == len(labels) - 3
    assert (found.margins > 0).all()
