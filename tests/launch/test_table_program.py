"""The table program as a user starts it: stopped, resumed, called again."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest

from tests.launch.programs import REPOSITORY, Program, run

STRIPNET, DEEP_CNN = (
    f"{REPOSITORY / 'configs' / name}.py:smoke" for name in ("stripnet", "deep_cnn")
)


@pytest.fixture(scope="module")
def arguments(folder, flags):
    # Plain forms: nothing here depends on what is learned. Three epochs, so that a run that is
    # stopped after its first step has far to go even when all is compiled already.
    overrides = f"model.implementation=plain;training.epochs=3;data.data_dir={folder / 'data'}"
    return (
        "--name=two",
        f"--configs={STRIPNET},{DEEP_CNN}",
        "--pairs=deep_cnn:stripnet",
        f"--overrides={overrides};training.checkpoint_every_steps=2",
        flags[1],
    )


def test_a_table_is_made_by_one_process(folder, arguments):
    flags = ("--coordinator=localhost:1", "--process_count=2", "--process_index=0")
    done = run("table.py", *arguments, *flags, folder=folder)
    assert done.returncode == 2
    assert "`launch/table.py` must run in a single process, got 2; start each run" in done.stderr


def test_stopped_resumed_and_called_again(folder, arguments):
    # Which makes no terminal of a file.
    environment = {"FORCE_COLOR": "1"}
    program = Program("table.py", *arguments, folder=folder, environment=environment)
    first = folder / "runs" / "two" / "stripnet-seed0-fold0"
    program.wait_for(first / "metrics.jsonl", lines=1)
    program.signal(signal.SIGTERM)
    stopped = program.finish()
    assert "\x1b" not in stopped.stdout
    assert stopped.returncode == 128 + signal.SIGTERM, stopped.stderr
    assert "stripnet-seed0-fold0: training epoch 1 of 3" in stopped.stdout
    assert "stopped by SIGTERM; everything is saved.\nResume with: python" in stopped.stderr
    assert "stopped by SIGTERM after step" in first.with_name(first.name + ".log").read_text()
    assert not (first / "results.json").exists()

    done = run("table.py", *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    assert "resuming from step" in first.with_name(first.name + ".log").read_text()
    assert "deep_cnn-seed0-fold0: done, test" in done.stdout
    path = folder / "results" / "two" / "table.json"
    made = json.loads(path.read_text())
    assert [row["row"] for row in made["rows"]] == ["stripnet", "deep_cnn"]
    for one in made["runs"]:
        assert one["results"]["parameters"] > 1000
        assert one["images_per_second"] > 0
        assert one["results"]["images"] == 46
    for row, one in zip(made["rows"], made["runs"], strict=True):
        for name in ("accuracy", "macro_f1", "expected_calibration_error"):
            assert row[name] == pytest.approx(one["results"][name])
        assert row["recall"] == pytest.approx(one["results"]["recall"])
        assert row["whole_cells"]["accuracy"] == one["results"]["cells"]["accuracy"]
    (comparison,) = made["comparisons"]
    difference = made["rows"][1]["accuracy"] - made["rows"][0]["accuracy"]
    assert comparison["mean"]["value"] == pytest.approx(difference)
    assert "## Paired comparisons" in path.with_name("README.md").read_text()
    with np.load(path.with_name("predictions.npz")) as stored:
        assert len(stored["stripnet-seed0-fold0.predicted"]) == 46

    # Called again it starts no run: the logs stay, and so do the numbers.
    logs = {log: log.read_text() for log in (folder / "runs" / "two").glob("*.log")}
    again = run("table.py", *arguments, folder=folder)
    assert again.returncode == 0, again.stderr
    assert {log: log.read_text() for log in logs} == logs
    assert json.loads(path.read_text()) == made


def test_help_names_the_flags(folder):
    done = run("table.py", "--help", folder=folder)
    assert done.returncode == 0
    for text in ("--configs", "--seeds", "--pairs", "--overrides", "separated by `;`"):
        assert text in done.stdout


def test_bad_input_is_one_sentence_before_any_run(folder, arguments):
    done = run("table.py", *arguments, "--name=bad", "--pairs=stripnet:x", folder=folder)
    assert done.returncode == 2
    assert done.stderr == (
        "error: `--pairs` must name rows of the table, stripnet, deep_cnn, got `x`; correct it.\n"
    )
    assert not (folder / "runs" / "bad").exists()
