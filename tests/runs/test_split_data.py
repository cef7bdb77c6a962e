"""Cells that no assignment could take are refused before training."""

from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.karyotyping.assignment import MOST_CHROMOSOMES
from superxception_jax.runs.split_data import check_cells


def test_the_largest_cell_that_can_be_assigned_is_accepted():
    check_cells(np.array(["a"] * MOST_CHROMOSOMES + ["b"]))


def test_a_larger_cell_is_named():
    count = MOST_CHROMOSOMES + 1
    with pytest.raises(ValueError, match=rf"at most 88 images, got {count} of cell `p2`; give"):
        check_cells(np.array(["p1"] * 46 + ["p2"] * count))
    with pytest.raises(ValueError, match=r"of cell `a` and 1 more such cells"):
        check_cells(np.array(["a"] * count + ["b"] * count))
