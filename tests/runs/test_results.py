from __future__ import annotations

import json

from superxception_jax.runs.results import RunResults
from tests.runs.samples import CELLS, POLARITY, PROVENANCE, TRAINING, sample_results

# As version 0.1 wrote it: one provenance, other names for cells, no count of operations.
EARLIER = {
    "entirely_right": CELLS.fully_correct,
    "sex_right": CELLS.sex_correct,
    "counts_right": CELLS.counts_correct,
    "accuracy": CELLS.accuracy,
    "accuracy_interval": list(CELLS.accuracy_interval),
    "cells": CELLS.cells,
}


def test_results_survive_json():
    for results in (
        sample_results(),
        sample_results(cells=CELLS, polarity=POLARITY, super_resolution={"psnr": 30.0}),
    ):
        text = json.dumps(results.to_json(), allow_nan=False)
        assert RunResults.from_json(json.loads(text)) == results


def test_absent_parts_are_left_out():
    values = sample_results().to_json()
    assert {"cells", "polarity", "super_resolution"}.isdisjoint(values)
    assert values["interval_method"] == "percentile bootstrap over cells"
    assert values["calibration"]["fitted_on"] == "validation"
    assert values["recall"]["Y"] is None


def test_results_of_earlier_versions_load():
    values = sample_results(cells=CELLS).to_json()
    for name in ("trainings", "evaluation", "multiply_accumulates"):
        del values[name]
    values |= {"environment": PROVENANCE.to_json(), "cells": EARLIER}
    loaded = RunResults.from_json(values)
    assert loaded == sample_results(cells=CELLS, trainings=(), multiply_accumulates=None)
    assert loaded.commits == (PROVENANCE.commit,)


def test_commits_are_those_of_training_and_test_each_once():
    assert sample_results().commits == (TRAINING.commit, PROVENANCE.commit)
    assert sample_results(trainings=(PROVENANCE,) * 2).commits == (PROVENANCE.commit,)
