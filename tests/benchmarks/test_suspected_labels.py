from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.exchanges import find_exchanges
from benchmarks.suspected_labels import load_tested
from superxception_jax.evaluation.predictions import Predictions, save_predictions
from tests.paths import REPOSITORY

RESULTS = REPOSITORY / "results"


@pytest.mark.parametrize(
    ("data_set", "tables", "images"),
    [
        ("bioimage", ("qband_start", "karyotyping"), 5474),
        ("gband", ("gband_reader", "aneuploidy"), 13_521),
    ],
)
def test_the_suspected_labels_of_the_stored_tables_are_those_of_the_page(data_set, tables, images):
    tested = [load_tested(RESULTS / name, data_set) for name in tables]
    found = find_exchanges(tested)
    names = [str(tested[0].names[one.index]) for exchange in found.values() for one in exchange]
    stored = json.loads((RESULTS / "suspected_labels.json").read_text("utf-8"))
    assert names == stored["names"][data_set]
    assert len(tested[0].labels) == images


@pytest.fixture
def run(tmp_path):
    """Return a function that writes a run of some data sets."""

    def write(dataset, names):
        count = len(names)
        predictions = Predictions(
            names=np.array(names),
            cells=np.array([name.rpartition("/")[0] for name in names]),
            cases=np.array(["case"] * count),
            labels=np.zeros(count, np.int32),
            log_probabilities=np.full((count, 24), -3.0, np.float32),
            assigned=np.zeros(count, np.int64),
        )
        save_predictions(tmp_path / "predictions.npz", predictions)
        config = json.loads((REPOSITORY / "tests/golden/base.config.json").read_text("utf-8"))
        config["data"]["dataset"] = dataset
        (tmp_path / "config.json").write_text(json.dumps(config))
        return tmp_path

    return write


def test_names_are_those_within_the_data_set(run):
    folder = run("gband,own", ["gband/1/a", "own/1/b", "own/2/c"])
    assert load_tested(folder, "own").names.tolist() == ["1/b", "2/c"]
    assert load_tested(folder, "own").cells.tolist() == ["1", "2"]
    alone = run("gband", ["1/a", "own/b"])
    assert load_tested(alone, "gband").names.tolist() == ["1/a", "own/b"]


@pytest.mark.parametrize("dataset", ["gband,own", "gband"])
def test_a_data_set_that_was_not_tested_is_refused(run, dataset):
    with pytest.raises(ValueError, match=f"tested \\({dataset}\\), got bioimage"):
        load_tested(run(dataset, ["gband/1/a", "own/1/b"]), "bioimage")


def test_a_table_of_another_data_set_is_refused():
    with pytest.raises(ValueError, match=r"tested \(bioimage\), got gband"):
        load_tested(RESULTS / "qband_start", "gband")


def test_a_table_of_several_data_sets_is_read_by_data_set():
    tested = load_tested(RESULTS / "laboratories", "own")
    assert tested.assigned is not None
    # Row stripnet@own of the page.
    assert len(tested.labels) == 4902
    assert f"{100 * np.mean(tested.assigned == tested.labels):.2f}" == "93.59"
    assert not np.char.startswith(tested.cells, "own/").any()
