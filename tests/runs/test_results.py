from __future__ import annotations

import dataclasses
import json
import math

import pytest

from superxception_jax.evaluation.statistics import Interval
from superxception_jax.runs.results import CalibrationMetrics, RunResults, load_results
from superxception_jax.runs.testing.source_metrics import SourceMetrics
from tests.runs.samples import CELLS, POLARITY, PROVENANCE, TRAINING, sample_results

SOURCE = SourceMetrics(100, 0.97, Interval((0.96, 0.98), "case", 9), CELLS)
UNASSIGNED = SourceMetrics(10, 0.9, Interval(None, "cell", 1), None)
# As version 0.1 wrote it: one provenance, other names for cells, no count of operations.
EARLIER = {
    "entirely_right": CELLS.fully_correct,
    "sex_right": CELLS.sex_correct,
    "counts_right": CELLS.counts_correct,
    "accuracy": CELLS.accuracy,
    "accuracy_interval": [0.976, 0.9925],
    "cells": CELLS.cells,
}


def test_results_survive_json():
    for results in (
        sample_results(),
        sample_results(cells=CELLS, polarity=POLARITY, super_resolution={"psnr": 30.0}),
        sample_results(cells=CELLS, sources={"gband": SOURCE, "own": UNASSIGNED}, start=SOURCE),
    ):
        text = json.dumps(results.to_json(), allow_nan=False)
        assert RunResults.from_json(json.loads(text)) == results


def test_absent_parts_are_left_out():
    values = sample_results().to_json()
    assert {"cells", "polarity", "super_resolution", "sources", "start"}.isdisjoint(values)
    assert values["interval_method"] == "percentile bootstrap over 37 cases"
    assert (values["interval_unit"], values["interval_units"]) == ("case", 37)
    assert values["calibration"]["fitted_on"] == "validation images"
    assert values["recall"]["Y"] is None


def test_results_of_earlier_versions_load():
    values = sample_results(cells=CELLS).to_json()
    for name in ("trainings", "evaluation", "multiply_accumulates"):
        del values[name]
    values |= {"environment": PROVENANCE.to_json(), "cells": EARLIER}
    for name in ("interval_unit", "interval_units"):
        del values[name]
    loaded = RunResults.from_json(values)
    # Whatever was known then, these intervals are over cells.
    over_cells = Interval((0.9565, 0.9741), "cell", 58)
    cells = dataclasses.replace(CELLS, accuracy_interval=Interval((0.976, 0.9925), "cell", 58))
    assert loaded == sample_results(
        cells=cells, trainings=(), multiply_accumulates=None, accuracy_interval=over_cells
    )
    assert loaded.commits == (PROVENANCE.commit,)


def test_what_is_not_known_is_stored_as_unknown():
    few = sample_results(
        accuracy_interval=Interval(None, "cell", 1),
        expected_calibration_error=None,
        calibration=CalibrationMetrics(1.0, 0.5, None, fitted_images=12),
        cells_withheld="cell `a`: too many",
    )
    values = json.loads(json.dumps(few.to_json(), allow_nan=False))
    assert RunResults.from_json(values) == few
    assert values["accuracy_interval"] is values["expected_calibration_error"] is None
    assert values["interval_method"] == "no interval: 1 cell"
    assert values["calibration"]["fitted_on"] == "nothing: 12 validation images are too few"
    assert values["orientation"] == "not predicted: every image is taken as upright"
    assert sample_results(polarity=POLARITY).to_json()["orientation"] == "predicted"


def test_commits_are_those_of_training_and_test_each_once():
    assert sample_results().commits == (TRAINING.commit, PROVENANCE.commit)
    assert sample_results(trainings=(PROVENANCE,) * 2).commits == (PROVENANCE.commit,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"accuracy": None}, "`accuracy` is None"),
        ({"accuracy": 1.5}, "`accuracy` is 1.5"),
        ({"accuracy": math.nan}, "`accuracy` is nan"),
        ({"name": 3}, "`name` is 3"),
        ({"accuracy_interval": []}, "a value is missing"),
        ({"progress": 3}, "a value is missing"),
    ],
)
def test_results_of_other_values_are_named(tmp_path, change, reason):
    (tmp_path / "results.json").write_text(json.dumps(sample_results().to_json() | change))
    with pytest.raises(ValueError, match=r"results.json` must (be|hold) the results of") as error:
        load_results(tmp_path)
    assert reason in str(error.value)
    assert "__" not in str(error.value)
