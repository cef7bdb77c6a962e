"""The process of a run: its log, its lock, and how a failure is described."""

from __future__ import annotations

import dataclasses
import signal

import pytest

from superxception_jax.runs.lock import lock
from superxception_jax.tables.display import RunState
from superxception_jax.tables.run_process import ReceivedSignals, describe_failure, run_process
from tests.tables.planned_runs import planned


def program(run, folder, text):
    """Let a run start a small program instead of a training."""
    path = folder / "program.py"
    path.write_text(text)
    return dataclasses.replace(run, arguments=(str(path),))


def test_a_program_runs_to_its_end_and_its_output_is_logged(tmp_path):
    run = program(planned(tmp_path), tmp_path, "print('bar 1\\rbar 2\\n\\n'); raise SystemExit(3)")
    states: list[RunState] = []
    assert run_process(run, received=ReceivedSignals(), update=states.append) == 3
    assert run.log.read_text().startswith(f"$ {run.command}\nbar 1")
    assert states[0].phase == "training"
    assert describe_failure(run, 3) == f"exit status 3: bar 2 (see {run.log})"
    assert describe_failure(run, -signal.SIGKILL) == f"ended by SIGKILL: bar 2 (see {run.log})"


def test_a_run_that_another_process_works_on_is_left_alone(tmp_path):
    run = program(planned(tmp_path), tmp_path, "raise SystemExit(3)")
    run.log.parent.mkdir(parents=True)
    with run.log.open("a") as log:
        assert lock(log)
        with pytest.raises(ValueError, match="must be free, got a process that still works on it"):
            run_process(run, received=ReceivedSignals(), update=lambda state: None)
    assert run.log.read_text() == ""


def test_a_signal_that_comes_before_the_process_reaches_it(tmp_path):
    text = "import signal; signal.signal(15, signal.SIG_DFL); signal.sigtimedwait([], 60)"
    run = program(planned(tmp_path), tmp_path, text)
    received = ReceivedSignals()
    received.handle(signal.SIGTERM, None)
    assert run_process(run, received=received, update=lambda state: None) == -signal.SIGTERM
    assert received.names == ["SIGTERM"]
