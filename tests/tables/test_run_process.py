"""The processes of runs: their logs, locks, cores and signals, and how a failure is described."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess

import pytest

from superxception_jax.runs.lock import lock
from superxception_jax.tables.display import RunState
from superxception_jax.tables.run_process import (
    ReceivedSignals,
    RunProcess,
    describe_failure,
    run_processes,
    share_cores,
)
from tests.tables.planned_runs import planned

ALL_CORES = ((),)
METRICS = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True)
line = {"kind": "train", "step": 1, "loss": 1.0, "images_per_second": 1.0}
(folder / "metrics.jsonl").write_text(json.dumps(line) + "\\n")
"""


def program(run, folder, text):
    """Let a run start a small program instead of a training."""
    path = folder / f"{run.workdir.name}.py"
    path.write_text(text)
    return dataclasses.replace(run, arguments=(str(path), str(run.workdir)))


def run_all(*runs, shares=ALL_CORES, received=None, update=lambda place, state: None):
    """Return place and exit status of runs in the order in which they ended."""
    received = received or ReceivedSignals()
    places = dict(enumerate(runs))
    return list(run_processes(places, shares=shares, received=received, update=update))


def test_a_program_runs_to_its_end_and_its_output_is_logged(tmp_path):
    run = program(planned(tmp_path), tmp_path, "print('bar 1\\rbar 2\\n\\n'); raise SystemExit(3)")
    states: list[RunState] = []
    assert run_all(run, update=lambda place, state: states.append(state)) == [(0, 3)]
    assert run.log.read_text().startswith(f"$ {run.command}\nbar 1")
    assert states[0].phase == "training"
    assert describe_failure(run, 3) == f"exit status 3: bar 2 (see {run.log})"
    assert describe_failure(run, -signal.SIGABRT) == f"ended by SIGABRT: bar 2 (see {run.log})"
    killed = describe_failure(run, -signal.SIGKILL)
    assert "lack of memory" in killed
    assert killed.endswith(f"bar 2 (see {run.log})")


def test_a_run_that_another_process_works_on_is_left_alone(tmp_path):
    run = program(planned(tmp_path), tmp_path, "raise SystemExit(3)")
    run.log.parent.mkdir(parents=True)
    with run.log.open("a") as log:
        assert lock(log)
        with pytest.raises(ValueError, match="must be free, got a process that still works on it"):
            run_all(run)
    assert run.log.read_text() == ""


def test_a_signal_reaches_the_process(tmp_path):
    text = "import signal, time; signal.signal(15, signal.SIG_DFL); time.sleep(60)"
    run = program(planned(tmp_path), tmp_path, text)
    received = ReceivedSignals()

    def update(place, state):
        """Ask to stop while the program starts."""
        if not received.numbers:
            received.handle(signal.SIGTERM, None)

    assert run_all(run, received=received, update=update) == [(0, -signal.SIGTERM)]
    assert received.names == ["SIGTERM"]


def test_every_signal_reaches_a_process_once_also_one_from_before_its_start(tmp_path, monkeypatch):
    received = ReceivedSignals()
    reached: list[int] = []
    received.handle(signal.SIGTERM, None)
    process = RunProcess(program(planned(tmp_path), tmp_path, "import time; time.sleep(60)"))
    with monkeypatch.context() as patched:
        patched.setattr(subprocess.Popen, "send_signal", lambda _, number: reached.append(number))
        process.pass_on(received.numbers)
        received.handle(signal.SIGINT, None)
        process.pass_on(received.numbers)
        process.pass_on(received.numbers)
    process.pass_on([*received.numbers, signal.SIGKILL])
    process.end()
    assert reached == [signal.SIGTERM, signal.SIGINT]


@pytest.mark.parametrize("limit_first", [True, False])
def test_the_time_limit_and_a_signal_are_one_request_to_stop(tmp_path, monkeypatch, limit_first):
    """A second signal would end a program before it has saved."""
    received = ReceivedSignals()
    reached: list[int] = []
    run = program(planned(tmp_path), tmp_path, "import time; time.sleep(60)")
    process = RunProcess(run, limit_s=1e-9)
    with monkeypatch.context() as patched:
        patched.setattr(subprocess.Popen, "send_signal", lambda _, number: reached.append(number))
        if limit_first:
            process.wait(0.0)
        received.handle(signal.SIGINT, None)
        process.pass_on(received.numbers)
        process.wait(0.0)
        assert reached == [signal.SIGTERM if limit_first else signal.SIGINT]
        # Who asks twice doesn't want to wait.
        received.handle(signal.SIGINT, None)
        process.pass_on(received.numbers)
        patched.setattr(subprocess.Popen, "wait", lambda _: None)
        process.end()
    assert reached[1:] == [signal.SIGINT]
    process.pass_on([*received.numbers, signal.SIGKILL])
    process.end()


def test_no_run_starts_after_a_signal(tmp_path):
    received = ReceivedSignals()
    received.handle(signal.SIGTERM, None)
    assert run_all(program(planned(tmp_path), tmp_path, ""), received=received) == []


needs_two_cores = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="processes can't be bound to two cores",
)


@pytest.mark.parametrize("folder", [".", "pretraining"])
def test_a_run_has_begun_once_it_trains_or_pretrains(tmp_path, folder):
    run = program(planned(tmp_path), tmp_path, "import time; time.sleep(60)")
    process = RunProcess(run)
    try:
        assert not process.has_begun
        recorded = run.workdir / folder
        recorded.mkdir(parents=True)
        (recorded / "metrics.jsonl").write_text('{"kind": "train", "step": 1, "loss": 1.0}\n')
        assert process.has_begun
    finally:
        process.end()


@needs_two_cores
def test_runs_at_once_have_cores_of_their_own_and_the_second_waits_for_the_first_to_train(tmp_path):
    # The first ends once the second runs, or fails after a minute.
    first = f"""
import os, time
assert not pathlib.Path({str(tmp_path / "second")!r}).exists()
time.sleep(1)
{METRICS}
for _ in range(600):
    time.sleep(0.1)
    if pathlib.Path({str(tmp_path / "second")!r}).exists():
        sys.exit(sum(2**core for core in os.sched_getaffinity(0)) % 251)
"""
    second = f"""
import os
assert pathlib.Path(sys.argv[1]).with_name("xception-seed0-fold0").exists()
{METRICS}
pathlib.Path({str(tmp_path / "second")!r}).touch()
sys.exit(sum(2**core for core in os.sched_getaffinity(0)) % 251)
"""
    runs = [planned(tmp_path), planned(tmp_path, "super_xception")]
    runs = [
        program(run, tmp_path, "import pathlib, sys\n" + text)
        for run, text in zip(runs, (first, second), strict=True)
    ]
    shares = share_cores(2)
    assert not set(shares[0]) & set(shares[1])
    assert {*shares[0], *shares[1]} == os.sched_getaffinity(0)
    codes = dict(run_all(*runs, shares=shares))
    assert [codes[0], codes[1]] == [sum(2**core for core in share) % 251 for share in shares]


def test_more_runs_at_once_than_cores_are_refused():
    with pytest.raises(ValueError, match="`--at_once` must be 1 to"):
        share_cores(100_000)
    assert share_cores(1) == [()]
