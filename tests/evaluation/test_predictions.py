from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from superxception_jax.evaluation.metrics import compute_metrics
from superxception_jax.evaluation.predictions import predictions_csv, summarize
from superxception_jax.files import write_json, write_text

NAMES = ("1", "X")
LOGS = np.log(np.array([[0.75, 0.25], [0.4, 0.6]], np.float32))


def test_predictions_as_csv():
    text = predictions_csv(
        LOGS, np.array([0, 0], np.int32), names=["a", 'b "c"'], cells=["7", "8"], class_names=NAMES
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == ["a", 'b "c"']
    assert [row["predicted"] for row in rows] == ["1", "X"]
    assert [row["class"] for row in rows] == ["1", "1"]
    assert [row["cell"] for row in rows] == ["7", "8"]
    assert float(rows[1]["confidence"]) == pytest.approx(0.6)
    assert float(rows[0]["X"]) == pytest.approx(0.25)


def test_summary_is_json_with_none_for_absent_classes():
    metrics = compute_metrics(LOGS, np.array([0, 0], np.int32))
    values = json.loads(
        json.dumps(summarize(metrics, interval=(0.1, 0.9), class_names=NAMES), allow_nan=False)
    )
    assert values["accuracy"] == 0.5
    assert values["accuracy_interval"] == [0.1, 0.9]
    assert values["recall"] == {"1": 0.5, "X": None}
    assert values["images"] == 2


def test_files_are_replaced_whole(tmp_path):
    path = tmp_path / "results.json"
    write_json(path, {"first": 1})
    assert write_json(path, {"second": "é"}) == path
    assert json.loads(path.read_text(encoding="utf-8")) == {"second": "é"}
    with pytest.raises(TypeError):
        write_json(path, {"broken": object()})
    assert json.loads(path.read_text(encoding="utf-8")) == {"second": "é"}
    write_text(tmp_path / "a.csv", "x\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "results.json"]
