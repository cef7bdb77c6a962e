"""Two rows compared image by image, by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.tables.comparison import Difference, SeedComparison, compare_rows
from tests.tables.hand_made import four_runs


def test_comparison_by_hand():
    runs = four_runs()
    one = compare_rows(runs[2:], runs[:2])
    assert (one.first, one.second) == ("super_xception", "xception")
    # Seed 0: only the third image differs; the cells' differences are 0 and 1/2.
    assert one.seeds[0] == SeedComparison(
        seed=0,
        images=4,
        only_first_correct=1,
        only_second_correct=0,
        p_value=1.0,
        difference=Difference(0.25, (0.0, 0.5)),
    )
    assert one.seeds[1].only_second_correct == 1
    assert one.seeds[1].difference.interval == (-0.5, 0.0)
    # Over both seeds the cells differ by -1/4 and 1/4.
    assert one.mean == Difference(0.0, (-0.25, 0.25))


def test_only_common_runs_are_compared_and_on_the_same_images():
    runs = four_runs()
    one = compare_rows(runs[2:], runs[1:2])
    assert [seed.seed for seed in one.seeds] == [1]
    tested = runs[1].predictions
    # The order of the images doesn't matter.
    turned = dataclasses.replace(
        tested,
        **{name: getattr(tested, name)[::-1] for name in ("names", "cells", "labels", "predicted")},
    )
    assert compare_rows(runs[2:], [dataclasses.replace(runs[1], predictions=turned)]) == one
    other = dataclasses.replace(tested, names=np.array(["a", "b", "c", "z"]))
    with pytest.raises(ValueError, match="must have tested the same images"):
        compare_rows(runs[2:], [dataclasses.replace(runs[1], predictions=other)])
