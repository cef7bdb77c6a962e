from __future__ import annotations

import gzip
import json

import jax
import jax.numpy as jnp
import pytest

from superxception_jax.training.trace import TRACED_STEPS, WARM_UP_STEPS, StepTrace


def _run(folder, steps):
    trace = StepTrace(folder)

    @jax.jit
    def traced_step(x):
        return x @ x

    for number in range(steps):
        traced_step(jnp.ones((8, 8))).block_until_ready()
        trace(number + 1)
    return trace, trace.close()


@pytest.mark.parametrize("steps", [WARM_UP_STEPS + TRACED_STEPS + 3, WARM_UP_STEPS + 2])
def test_some_steps_are_traced_once(tmp_path, steps):
    trace, sentence = _run(tmp_path / "trace", steps)
    traced = min(steps - WARM_UP_STEPS, TRACED_STEPS)
    assert trace.is_written
    assert sentence == f"trace of {traced} steps in {tmp_path / 'trace'}"
    (path,) = (tmp_path / "trace").rglob("perfetto_trace.json.gz")
    events = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
    calls = [event for event in events if event.get("name") == "PjitFunction(traced_step)"]
    assert calls
    assert len(calls) % traced == 0  # a call can be listed with its parts


def test_a_short_training_says_that_there_is_no_trace(tmp_path):
    trace, sentence = _run(tmp_path / "trace", WARM_UP_STEPS - 1)
    assert not trace.is_written
    assert sentence == "no trace was written: it begins after 5 steps, got 4"
    assert not (tmp_path / "trace").exists()
