"""Finished means the last step, planned or early."""

from __future__ import annotations

import json

import pytest

from superxception_jax.runs.finished import has_ended, is_finished
from superxception_jax.runs.results import RunResults
from superxception_jax.training.progress import Progress
from tests.runs.samples import sample_results


@pytest.mark.parametrize(
    ("step", "stopped_epoch", "expected"), [(8, 0, True), (7, 0, False), (4, 2, True)]
)
def test_a_training_ends_at_its_last_step(step, stopped_epoch, expected):
    progress = Progress(stopped_epoch=stopped_epoch)
    assert has_ended(progress, step=step, total_steps=8) == expected


@pytest.mark.parametrize("finished", [True, False])
def test_results_say_it_and_keep_it(tmp_path, finished):
    results = sample_results(finished=finished)
    values = json.loads(json.dumps(results.to_json()))
    assert values["finished"] is finished
    assert is_finished(tmp_path, RunResults.from_json(values), epochs=1) == finished


def test_earlier_results_are_judged_by_their_validations(tmp_path):
    values = sample_results().to_json()
    assert "finished" not in values
    earlier = RunResults.from_json(values)
    assert is_finished(tmp_path, earlier, epochs=2)  # an exported network
    line = '{"kind": "validation", "step": 3}\n'
    (tmp_path / "metrics.jsonl").write_text(line)
    assert not is_finished(tmp_path, earlier, epochs=2)
    early = sample_results(progress=Progress(stopped_epoch=1))
    assert is_finished(tmp_path, early, epochs=2)
    (tmp_path / "metrics.jsonl").write_text(2 * line)
    assert is_finished(tmp_path, earlier, epochs=2)
