"""The assigned cells of a row, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.chromosomes import aneuploidy_kind
from superxception_jax.evaluation.statistics import Interval
from superxception_jax.tables.row import summarize_row
from superxception_jax.tables.stored_predictions import StoredPredictions
from superxception_jax.tables.whole_cells import AneuploidyCounts, summarize_cells
from tests.tables.hand_made import hand_made, labels


def test_whole_cells_by_hand():
    # The assignment corrects fold 0; in fold 1 it exchanges the classes of the first cell, whose
    # counts stay correct, and takes the X of the second for a Y.
    runs = [
        hand_made("xception", "1 2 2 X", fold=fold, assigned=assigned)
        for fold, assigned in enumerate(("1 2 1 X", "2 1 1 Y"))
    ]
    found = summarize_row(runs).whole_cells
    assert found is not None
    assert found.accuracy == 5 / 8
    assert found.gain == pytest.approx(5 / 8 - 6 / 8)
    assert (found.cells, found.fully_correct) == (4, 0.5)
    assert (found.sex_correct, found.counts_correct) == (0.75, 0.75)
    assert found.accuracy_interval == found.gain_interval == Interval(None, "cell", 4)
    # Two chromosomes are no whole cell, of which dozens were missing.
    assert found.aneuploidy["part"] == AneuploidyCounts(cells=4, flagged=0, counts_correct=3)
    assert sum(one.cells for one in found.aneuploidy.values()) == 4
    # A cell that two seeds test is one cell.
    seeds = [hand_made("xception", "1 2 2 X", seed=seed, assigned="1 2 1 X") for seed in (0, 1)]
    again = summarize_row(seeds).whole_cells
    assert again is not None
    assert (again.cells, again.aneuploidy["part"].cells) == (2, 4)
    many = [
        hand_made("xception", "1 2 2 X", fold=fold, assigned="1 2 1 X", copies=3) for fold in (0, 1)
    ]
    gain = summarize_row(many).whole_cells
    assert gain is not None
    assert (gain.gain_interval.unit, gain.gain_interval.count) == ("cell", 12)
    assert gain.gain_interval.ends is not None
    assert 0 <= gain.gain_interval.ends[0] < 0.25 < gain.gain_interval.ends[1] <= 0.5
    # A run without assignment leaves the row without.
    assert summarize_row([*runs, hand_made("xception", "1 2 2 X", fold=2)]).whole_cells is None


def test_aneuploidies_by_hand():
    diploid = [*map(str, range(1, 23))] * 2
    true = {
        "down": [*diploid, "21", "X", "Y"],
        "turner": [*diploid, "X"],
        "lost": [*diploid[1:], "X", "X"],
        "one": [*diploid, "X", "Y"],
        "two": [*diploid, "X", "X"],
    }
    assert [aneuploidy_kind(classes) for classes in true.values()] == [
        "gain", "sex", "loss", "none", "none",
    ]  # fmt: skip
    found = {**true, "down": [*diploid, "22", "X", "Y"], "two": [*diploid[:-1], "21", "X", "X"]}
    truth, assigned = (
        labels(" ".join(label for classes in cells.values() for label in classes))
        for cells in (true, found)
    )
    run = StoredPredictions(
        names=np.array([str(index) for index in range(len(truth))]),
        cells=np.array([cell for cell, classes in true.items() for _ in classes]),
        labels=truth,
        predicted=truth,
        assigned=assigned,
        confidences=None,
    )
    cells = summarize_cells([run], interval=lambda values, tested: Interval(None, "cell", 5))
    assert cells is not None
    assert cells.aneuploidy == {
        "gain": AneuploidyCounts(cells=1, flagged=1, counts_correct=0),
        "sex": AneuploidyCounts(cells=1, flagged=1, counts_correct=1),
        "loss": AneuploidyCounts(cells=1, flagged=1, counts_correct=1),
        "none": AneuploidyCounts(cells=2, flagged=1, counts_correct=1),
        "part": AneuploidyCounts(cells=0, flagged=0, counts_correct=0),
    }
