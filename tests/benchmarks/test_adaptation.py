from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.adaptation import (
    CHOOSING_SHARE,
    choose_cells,
    choose_tested,
    count_learned,
    draw_split,
)
from superxception_jax.data.splits import Split

IMAGES, CELLS, CASES = 16, 3, 8  # images of a cell, cells of a case, cases of each data set


@pytest.fixture
def everything() -> Any:
    """Two data sets; of the laboratory, two cases test and the others are unused."""
    sources = np.repeat(["gband", "own"], CASES * CELLS * IMAGES)
    cells = np.repeat([f"{number}" for number in range(2 * CASES * CELLS)], IMAGES)
    cases = np.repeat([f"{number}" for number in range(2 * CASES)], CELLS * IMAGES)
    return SimpleNamespace(sources=sources, cells=cells, cases=cases, names=np.arange(len(cells)))


@pytest.fixture
def split(everything) -> Split:
    index = np.arange(len(everything.names))
    known, case = everything.sources == "gband", everything.cases.astype(int)
    return Split(
        train=index[known & (case < 5)],
        validation=index[known & (case >= 5) & (case < 7)],
        test=index[(known & (case == 7)) | (case >= 14)],
    )


def test_what_is_reported_chooses_nothing(everything, split):
    reported, choosing = (
        choose_tested(everything, split, laboratory="own", tested=part)
        for part in ("test", "validation")
    )
    assert not set(reported) & set(choosing)
    own = choosing[everything.sources[choosing] == "own"]
    # Whole cases: a quarter of the six that the test leaves out.
    assert len(set(everything.cases[own])) == 6 // CHOOSING_SHARE
    assert len(own) == len(set(everything.cases[own])) * CELLS * IMAGES
    assert set(choosing) - set(own) == set(split.validation)


@pytest.mark.parametrize("cells", [1, 2, 5])
def test_an_image_that_trains_and_validates_counts_once(cells):
    images = [np.arange(number, number + 16) for number in range(0, 16 * cells, 16)]
    assert count_learned(draw_split(images, np.array([1000]))) == 16 * cells


@pytest.mark.parametrize("part", ["test", "validation"])
def test_cells_that_teach_are_not_tested(everything, split, part):
    tested = choose_tested(everything, split, laboratory="own", tested=part)
    cells = choose_cells(everything, split, tested, laboratory="own", draw=0)
    taught = np.concatenate(cells)
    assert set(everything.sources[taught]) == {"own"}
    assert not set(taught) & set(tested)
    assert not set(taught) & set(split.test)
    assert not set(everything.cases[taught]) & set(everything.cases[tested])
