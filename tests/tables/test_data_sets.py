from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.tables.data_sets import data_set_section
from superxception_jax.tables.table import build_table
from superxception_jax.tables.table_page import table_markdown
from tests.tables.hand_made import EVALUATION, hand_made


def run_of_two(
    row: str,
    predicted: str,
    *,
    assigned: str,
    test_only: str = "",
    protocol: str = "cases",
    init_from: str = "",
    unlabelled_folder: str = "",
    second: str = "tseng",
):
    """Return a run whose first cell is of `gband`, and its second of another data set."""
    dataset = f"gband, {second}"  # as a config may be
    run = hand_made(row, predicted, assigned=assigned, dataset=dataset)
    cells = np.array(["gband/1", "gband/1", f"{second}/1", f"{second}/1"])
    config = {
        "seed": 0,
        "split": {"fold": 0, "test_only": test_only, "protocol": protocol},
        "evaluation": EVALUATION,
        "model": {"init_from": init_from},
        "data": {"unlabelled_folder": unlabelled_folder},
    }
    predictions = dataclasses.replace(run.predictions, cells=cells)
    return dataclasses.replace(run, config=config, predictions=predictions)


def test_each_data_set_and_their_mean():
    runs = [
        run_of_two("both", "1 2 1 X", assigned="1 2 1 X"),
        run_of_two("one", "1 2 2 X", assigned="1 2 2 Y", test_only=" tseng"),
    ]
    table = build_table(runs, name="t", pairs=[], commands=[])
    lines = table_markdown(table, notes="").splitlines()
    start = lines.index("## Data sets") + 6
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:][:6]]
    found = {(row[0], row[1]): (row[2], row[3], row[5], row[7]) for row in rows}
    trained = "trained on its other cases"
    assert found == {
        ("both", "gband"): (trained, "100.00", "100.00", "100.00"),
        ("both", "tseng"): (trained, "100.00", "100.00", "100.00"),
        ("both", "mean"): ("", "100.00", "100.00", "100.00"),
        ("one", "gband"): (trained, "100.00", "100.00", "100.00"),
        ("one", "tseng"): ("none", "50.00", "0.00", "0.00"),
        ("one", "mean"): ("", "75.00", "50.00", "50.00"),
    }


def test_synthetic_cells_among_others_are_said_to_be_synthetic():
    run = run_of_two("both", "1 2 1 X", assigned="1 2 1 X", second="ideogram")
    text = table_markdown(build_table([run], name="t", pairs=[], commands=[]), notes="")
    assert "The images of `ideogram` are synthetic chromosomes" in text


@pytest.mark.parametrize(
    ("fields", "roles"),
    [
        ({"protocol": "cells"}, ["trained on its other cells"] * 2),
        (
            {"test_only": "tseng", "unlabelled_folder": "x"},
            ["none, unless among cells without labels"],
        ),
        (
            {"test_only": "tseng", "init_from": "gband"},
            ["none, unless among the images of its start"],
        ),
        (
            {"test_only": "tseng", "init_from": "gband", "unlabelled_folder": "x"},
            ["none, unless among cells without labels or the images of its start"],
        ),
    ],
)
def test_none_is_claimed_only_where_nothing_else_was_learned_from(fields, roles):
    run = run_of_two("one", "1 2 1 X", assigned="1 2 1 X", **fields)
    (grid,) = data_set_section([run])[2:]
    found = [line.split(" | ")[2] for line in grid.splitlines()[2:]]
    assert found[2 - len(roles) : 2] == roles


def test_one_data_set_gets_no_such_section():
    run = hand_made("xception", "1 2 1 X")
    page = table_markdown(build_table([run], name="t", pairs=[], commands=[]), notes="")
    assert "## Data sets" not in page
