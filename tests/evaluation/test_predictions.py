from __future__ import annotations

import csv
import dataclasses
import io

import numpy as np
import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.predictions import (
    Predictions,
    load_earlier_predictions,
    load_predictions,
    predictions_csv,
    save_predictions,
)


def make_predictions(*, assigned: bool) -> Predictions:
    shares = np.full((3, 24), 0.01)
    shares[[0, 1, 2], [0, 22, 23]] = 0.77
    return Predictions(
        names=np.array(["a", 'b "c"', "ç"]),
        cells=np.array(["7", "7", "8"]),
        cases=np.array(["p", "p", "q"]),
        labels=np.array([0, 0, 23], np.int32),
        log_probabilities=np.log(shares).astype(np.float32),
        assigned=np.array([0, 22, 23]) if assigned else None,
    )


@pytest.mark.parametrize("assigned", [True, False])
@pytest.mark.parametrize("dtype", [np.str_, np.dtypes.StringDType()])
def test_predictions_survive_the_disk_bit_for_bit(tmp_path, assigned, dtype):
    predictions = make_predictions(assigned=assigned)
    texts = {name: getattr(predictions, name).astype(dtype) for name in ("names", "cells", "cases")}
    path = save_predictions(tmp_path / "predictions.npz", dataclasses.replace(predictions, **texts))
    loaded = load_predictions(path)
    for name, value in vars(predictions).items():
        np.testing.assert_array_equal(getattr(loaded, name), value)
    assert [file.name for file in tmp_path.iterdir()] == ["predictions.npz"]


def test_csv_has_one_line_per_image():
    rows = list(csv.DictReader(io.StringIO(predictions_csv(make_predictions(assigned=True)))))
    assert [row["name"] for row in rows] == ["a", 'b "c"', "ç"]
    assert [row["case"] for row in rows] == ["p", "p", "q"]
    assert [row["class"] for row in rows] == ["1", "1", "Y"]
    assert [row["predicted"] for row in rows] == ["1", "X", "Y"]
    assert [row["assigned"] for row in rows] == ["1", "X", "Y"]
    assert float(rows[1]["confidence"]) == float(rows[1]["X"]) == pytest.approx(0.77)
    assert "assigned" not in predictions_csv(make_predictions(assigned=False)).splitlines()[0]


def test_confidences_are_those_of_the_predicted_classes():
    predictions = make_predictions(assigned=False)
    np.testing.assert_array_equal(predictions.predicted, [0, 22, 23])
    np.testing.assert_allclose(predictions.confidences, 0.77, rtol=1e-6)


def test_csv_of_earlier_versions_loads(tmp_path):
    head = ["name", "cell", "class", "predicted", "confidence", *CLASS_NAMES]
    tie = ["0.500000", "0.500000"] + ["0.000000"] * 22
    lines = [head, ["1/a", "1", "1", "2", "0.5", *tie], ["1/b", "1", "2", "1", "0.5", *tie]]
    text = "".join(",".join(line) + "\n" for line in lines)
    (tmp_path / "predictions.csv").write_text(text, encoding="utf-8")
    loaded = load_earlier_predictions(tmp_path)
    # The rounded probabilities are equal; the file says which class was predicted.
    np.testing.assert_array_equal(loaded.predicted, [1, 0])
    np.testing.assert_array_equal(loaded.labels, [0, 1])
    np.testing.assert_array_equal(loaded.cases, ["1", "1"])
    assert loaded.assigned is None
    (tmp_path / "assignments.csv").write_text(
        "name,cell,class,predicted,assigned\n1/a,1,1,2,1\n1/b,1,2,1,Y\n", encoding="utf-8"
    )
    np.testing.assert_array_equal(load_earlier_predictions(tmp_path).assigned, [0, 23])


def test_other_files_and_wrong_columns_are_refused(tmp_path):
    path = tmp_path / "predictions.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="must hold the predictions of a run"):
        load_predictions(path)
    np.savez(path, names=np.array(["a"]))
    with pytest.raises(ValueError, match=r"test the run again with launch/evaluate\.py"):
        load_predictions(path)
    with pytest.raises(ValueError, match="`labels` must be"):
        dataclasses.replace(make_predictions(assigned=False), labels=np.zeros((3, 1), np.int32))
