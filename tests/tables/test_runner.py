"""The order of runs, failures and signals, with programs that are quicker than a training."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from superxception_jax.files import write_json
from superxception_jax.runs.split.split_file import DRAWING, StoredImage, StoredSplit, save_split
from superxception_jax.tables.display import RunState
from superxception_jax.tables.runner import load_finished, make_table
from tests.tables.hand_made import labels
from tests.tables.planned_runs import finish, finish_earlier, plan, planned

ENDED = "is not finished; it ended at once, and resumes from its latest checkpoint"
FILES = ["README.md", "table.json", "predictions.npz", "accuracy.png", "cost.png"]


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


def test_a_finished_run_is_loaded_and_an_unfinished_one_is_not(tmp_path):
    run = planned(tmp_path, seed=2)
    assert load_finished(run) is None
    finish(run, predicted="1 2 2 X", assigned="1 2 1 X")
    record = load_finished(run)
    assert record is not None
    assert record.key == run.key == ("xception", 2, 0)
    np.testing.assert_array_equal(record.predictions.predicted, labels("1 2 2 X"))
    np.testing.assert_array_equal(record.predictions.assigned, labels("1 2 1 X"))
    assert record.predictions.confidences is not None
    np.testing.assert_allclose(record.predictions.confidences, 0.9, rtol=1e-6)
    assert record.predictions.cells.tolist() == ["0", "0", "1", "1"]
    assert (record.results.parameters, record.images_per_second) == (77, 50)
    assert (record.results.commits, record.command) == (("abc",), run.command)
    assert run.command == "python launch/main.py --config=configs/xception.py:smoke"


@pytest.mark.parametrize("assigned", [None, "1 2 1 Y"])
def test_a_run_of_version_0_1_is_loaded_from_its_csv_files(tmp_path, assigned):
    run = planned(tmp_path)
    finish_earlier(run, predicted="1 2 2 X", assigned=assigned)
    record = load_finished(run)
    assert record is not None
    np.testing.assert_array_equal(record.predictions.predicted, labels("1 2 2 X"))
    assert record.predictions.confidences is not None
    np.testing.assert_allclose(record.predictions.confidences, 0.9, rtol=1e-5)
    if assigned is None:
        assert record.predictions.assigned is None
    else:
        np.testing.assert_array_equal(record.predictions.assigned, labels(assigned))
    assert (record.results.trainings, record.results.commits) == ((), ("abc",))


def test_a_stopped_run_that_was_evaluated_is_not_finished(tmp_path):
    run = planned(tmp_path)
    finish(run)
    path = run.workdir / "results.json"
    values = json.loads(path.read_text())
    write_json(path, values | {"finished": False})
    assert load_finished(run) is None
    # Results of earlier versions don't say it, but the validations do.
    del values["finished"]
    write_json(path, values)
    assert load_finished(run) is not None
    metrics = run.workdir / "metrics.jsonl"
    lines = metrics.read_text().splitlines(keepends=True)
    metrics.write_text("".join(lines[:-1]))
    assert load_finished(run) is None


def test_a_run_without_a_measurement_that_failed_is_tested_again(tmp_path):
    run = planned(tmp_path)
    finish(run)
    path = run.workdir / "results.json"
    write_json(path, json.loads(path.read_text()) | {"missing": ["super_resolution"]})
    assert load_finished(run) is None


@pytest.mark.parametrize("name", ["own_folder", "unlabelled_folder"])
def test_a_finished_run_of_other_cells_is_refused(tmp_path, name):
    run = planned(tmp_path, **{"data.own_folder": "cells"})
    finish(run)
    save_split(run.workdir, StoredSplit({"0": StoredImage("0", "0", 0, "0", "test")}, DRAWING))
    # The same folder, and archives elsewhere.
    same = {"data.own_folder": str(Path("cells").absolute()), "data.data_dir": "/a"}
    assert load_finished(planned(tmp_path, **same)) is not None
    config = run.experiment.config
    write_json(run.workdir / "config.json", {**config, "data": config["data"] | {name: "/b"}})
    with pytest.raises(ValueError, match="`--runs` must hold finished runs of the same cells") as e:
        load_finished(run)
    assert f"trained with the {name} `/b` instead of `" in str(e.value)


def test_runs_that_tested_other_images_are_no_table(tmp_path):
    runs = [planned(tmp_path), planned(tmp_path, "super_xception")]
    for run, pixels in zip(runs, ("0", "1"), strict=True):
        finish(run)
        images = {name: StoredImage("0", "0", 0, "0", "test") for name in "0123"}
        images["2"] = dataclasses.replace(images["2"], pixels=pixels)
        save_split(run.workdir, StoredSplit(images, DRAWING))
    with pytest.raises(ValueError, match="must test the same images") as caught:
        make_table(plan(tmp_path, runs), show=lambda states: None)
    for text in (
        "got `super_xception-seed0-fold0` with others than `xception-seed0-fold0`",
        "changed: 1 image: 2 of cell 1 (pixels)",
    ):
        assert text in str(caught.value)
    # The rows before are not lost.
    outcome = make_table(plan(tmp_path, runs[:1]), show=lambda states: None)
    assert [path.name for path in outcome.files] == FILES


@pytest.mark.parametrize("name", ["multiply_accumulates", "calibration"])
def test_a_run_with_fewer_results_is_tested_again(tmp_path, name):
    run = planned(tmp_path)
    finish(run)
    values = json.loads((run.workdir / "results.json").read_text())
    del values[name]
    write_json(run.workdir / "results.json", values)
    assert load_finished(run) is None


def test_a_run_that_fails_loses_no_other_and_nothing_is_repeated(tmp_path):
    failing = program(
        planned(tmp_path), tmp_path, "print('bar 1\\rbar 2\\rno data\\n'); raise SystemExit(2)"
    )
    good = copying(planned(tmp_path, "super_xception"), tmp_path)
    seen: list[Sequence[RunState]] = []
    outcome = make_table(plan(tmp_path, [failing, good]), show=lambda x: seen.append(list(x)))
    assert [state.phase for state in outcome.states] == ["failed", "done"]
    assert outcome.failed[0].message == f"exit status 2: no data (see {failing.log})"
    assert [path.name for path in outcome.files] == FILES
    assert outcome.exit_status == 1
    assert outcome.describe_problems("again") == (
        f"xception-seed0-fold0 failed, exit status 2: no data (see {failing.log})\n"
        "Try the failed runs again with: again"
    )
    assert {state[0].phase for state in seen} == {"waiting", "training", "failed"}
    table = json.loads(outcome.files[1].read_text())
    assert [row["row"] for row in table["rows"]] == ["super_xception"]
    assert good.log.read_text().startswith("$ python ")
    # A second call repeats the failed run only, and keeps the finished row.
    before = good.log.read_text()
    outcome = make_table(plan(tmp_path, [copying(failing, tmp_path), good]), show=seen.append)
    assert [state.phase for state in outcome.states] == ["done", "done"]
    assert (outcome.exit_status, outcome.describe_problems("again")) == (0, "")
    table = json.loads(outcome.files[1].read_text())
    assert [row["row"] for row in table["rows"]] == ["super_xception", "xception"]
    assert good.log.read_text() == before


def test_a_row_of_another_config_stays_also_if_another_call_wrote_it_meanwhile(tmp_path):
    late = plan(tmp_path, [planned(tmp_path / "new", **{"training.epochs": 7})])
    first = [planned(tmp_path, seed=seed) for seed in (0, 1)]
    for run in (*first, *late.runs):
        finish(run)
    outcome = make_table(plan(tmp_path, first), show=lambda states: None)
    stored = [path.read_bytes() for path in outcome.files]
    with pytest.raises(ValueError, match=r"the runs of row `xception` must have the same config"):
        make_table(late, show=lambda states: None)
    assert [path.read_bytes() for path in outcome.files] == stored


def test_two_calls_at_the_same_time_lose_no_run(tmp_path):
    plans = [
        plan(tmp_path, [copying(planned(tmp_path, seed=seed), tmp_path)], command=f"call {seed}")
        for seed in (0, 1)
    ]
    for one in plans:
        outcome = make_table(one, show=lambda states: None)
    table = json.loads(outcome.files[1].read_text())
    assert [run["seed"] for run in table["runs"]] == [0, 1]
    assert table["commands"] == ["call 0", "call 1"]
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["t"]


def test_a_run_is_stopped_at_its_time_limit_and_the_next_one_starts(tmp_path):
    slow = program(
        planned(tmp_path),
        tmp_path,
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))\n"
        "time.sleep(60)\n",
    )
    good = copying(planned(tmp_path, "super_xception"), tmp_path)
    outcome = make_table(plan(tmp_path, [slow, good]), show=lambda states: None, limit_s=2.0)
    assert [state.phase for state in outcome.states] == ["stopped", "done"]
    assert (outcome.exit_status, outcome.stopped_by) == (0, "")
    assert outcome.describe_problems("again") == (
        "xception-seed0-fold0 is not finished; it was stopped and everything is saved\n"
        "Resume with: again"
    )
    # The same call resumes the run that was stopped.
    outcome = make_table(plan(tmp_path, [copying(slow, tmp_path), good]), show=lambda states: None)
    assert [state.phase for state in outcome.states] == ["done", "done"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_goes_to_the_run_which_saves_and_ends_the_table(tmp_path, number):
    slow = program(
        planned(tmp_path),
        tmp_path,
        "import pathlib, signal, sys, time\n"
        "def save(number, frame):\n"
        f"    pathlib.Path({str(tmp_path / 'saved')!r}).touch()\n"
        "    sys.exit(128 + number)\n"
        f"signal.signal({int(number)}, save)\n"
        f"pathlib.Path({str(tmp_path / 'ready')!r}).touch()\n"
        "time.sleep(60)\n",
    )
    sent = threading.Event()

    def show(states):
        if (tmp_path / "ready").exists() and not sent.is_set():
            sent.set()
            os.kill(os.getpid(), number)

    # Tests that run in the background of a shell are told to ignore SIGINT.
    before = signal.signal(number, signal.default_int_handler)
    waiting = planned(tmp_path, "super_xception")
    try:
        outcome = make_table(plan(tmp_path, [slow, waiting]), show=show)
        assert signal.getsignal(number) == signal.default_int_handler
    finally:
        signal.signal(number, before)
    assert outcome.stopped_by == number.name
    assert [state.phase for state in outcome.states] == ["stopped", "waiting"]
    assert (tmp_path / "saved").exists()
    assert (outcome.files, outcome.failed) == ((), [])
    assert outcome.exit_status == 128 + number
    assert outcome.describe_problems("again") == (
        f"\nstopped by {number.name}; everything is saved.\nResume with: again"
    )


@pytest.mark.parametrize(
    ("end", "phase", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "failed", "failed, ended by SIGKILL, which Linux"),
        ("print('error: disk full'); sys.exit(2)", "failed", "failed, exit status 2: error: disk"),
        # As by one before the program heeds any.
        ("signal.signal(number, signal.SIG_DFL); os.kill(os.getpid(), number)", "stopped", ENDED),
        # Ctrl-C comes as well, on which it exits as after a stop that was saved.
        ("pass", "stopped", ENDED),
    ],
)
def test_a_run_that_ends_without_saving_is_not_called_saved(tmp_path, end, phase, told):
    text = f"""
import os, pathlib, signal, sys, time
def fail(number, frame):
    {end}
signal.signal(signal.SIGUSR1, fail)
signal.signal(signal.SIGINT, lambda number, frame: sys.exit(128 + number))
pathlib.Path({str(tmp_path / "ready")!r}).touch()
time.sleep(60)
"""
    sent = threading.Event()

    def show(states):
        if (tmp_path / "ready").exists() and not sent.is_set():
            sent.set()
            os.kill(os.getpid(), signal.SIGUSR1)
            if end == "pass":
                os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run = program(planned(tmp_path), tmp_path, text)
        outcome = make_table(plan(tmp_path, [run]), show=show)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (outcome.stopped_by, outcome.states[0].phase) == ("SIGUSR1", phase)
    first, second, last = outcome.describe_problems("again").strip().splitlines()
    assert first == "stopped by SIGUSR1."
    assert second.startswith(f"xception-seed0-fold0 {told}")
    assert last == "Resume with: again"
