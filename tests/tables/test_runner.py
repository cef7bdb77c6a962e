"""The order of runs, failures and signals, with programs that are quicker than a training."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import signal
import threading

import pytest

from superxception_jax.tables.runner import make_table
from tests.tables.planned_runs import finish, plan, planned


def program(run, folder, text):
    """Let a run start a small program instead of a training."""
    path = folder / f"{run.workdir.name}.py"
    path.write_text(text)
    return dataclasses.replace(run, arguments=(str(path),))


def copying(run, folder):
    """Let a run's program put a finished run into its folder."""
    kept = folder / "kept" / run.workdir.name
    finish(dataclasses.replace(run, workdir=kept))
    text = f"import shutil; shutil.copytree({str(kept)!r}, {str(run.workdir)!r})"
    return program(run, folder, text)


def test_a_run_that_fails_loses_no_other_and_nothing_is_repeated(tmp_path):
    failing = program(
        planned(tmp_path), tmp_path, "print('bar 1\\rbar 2\\rno data\\n'); raise SystemExit(2)"
    )
    good = copying(planned(tmp_path, "super_xception"), tmp_path)
    seen = []
    outcome = make_table(plan(tmp_path, [failing, good]), show=lambda x: seen.append(list(x)))
    assert [state.phase for state in outcome.states] == ["failed", "done"]
    assert outcome.failed[0].message == f"exit status 2: no data (see {failing.log})"
    assert [path.name for path in outcome.files] == ["t.json", "t.md", "t.png", "t-cost.png"]
    assert {state[0].phase for state in seen} == {"waiting", "training", "failed"}
    table = json.loads(outcome.files[0].read_text())
    assert [row["row"] for row in table["rows"]] == ["super_xception"]
    assert good.log.read_text().startswith("$ python ")
    # A second call repeats the failed run only, and keeps the row that stands.
    before = good.log.read_text()
    outcome = make_table(plan(tmp_path, [copying(failing, tmp_path), good]), show=seen.append)
    assert [state.phase for state in outcome.states] == ["done", "done"]
    table = json.loads(outcome.files[0].read_text())
    assert [row["row"] for row in table["rows"]] == ["super_xception", "xception"]
    assert good.log.read_text() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_goes_to_the_run_which_saves_and_ends_the_table(tmp_path, number):
    slow = program(
        planned(tmp_path),
        tmp_path,
        "import pathlib, signal, sys\n"
        f"def save(number, frame): pathlib.Path({str(tmp_path / 'saved')!r}).touch(); sys.exit(9)\n"
        f"signal.signal({int(number)}, save)\n"
        f"pathlib.Path({str(tmp_path / 'ready')!r}).touch()\n"
        "signal.sigtimedwait([], 60)\n",
    )
    sent = threading.Event()

    def show(states):
        if (tmp_path / "ready").exists() and not sent.is_set():
            sent.set()
            os.kill(os.getpid(), number)

    earlier = signal.getsignal(number)
    waiting = planned(tmp_path, "super_xception")
    outcome = make_table(plan(tmp_path, [slow, waiting]), show=show)
    assert outcome.stopped_by == number.name
    assert [state.phase for state in outcome.states] == ["stopped", "waiting"]
    assert (tmp_path / "saved").exists()
    assert (outcome.files, outcome.failed) == ((), [])
    assert signal.getsignal(number) == earlier


def test_a_run_that_another_process_works_on_is_left_alone(tmp_path):
    run = copying(planned(tmp_path), tmp_path)
    run.log.parent.mkdir(parents=True)
    with run.log.open("a") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="must be free, got a process that still works on it"):
            make_table(plan(tmp_path, [run]), show=lambda states: None)
    assert not run.workdir.exists()
