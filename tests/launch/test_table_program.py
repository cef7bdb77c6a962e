"""The table program as a user starts it: stopped, gone on with, called again."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from absl import flags
from absl.testing import flagsaver

from launch import table
from tests.launch.programs import REPOSITORY, command, environment, run

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


def test_stopped_gone_on_with_and_called_again(folder, arguments):
    process = subprocess.Popen(
        command("table.py", *arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = folder / "runs" / "two" / "stripnet-seed0-fold0"
    metrics, deadline = first / "metrics.jsonl", time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if metrics.exists() and metrics.read_text():
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    output, error = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM, error
    assert "stripnet-seed0-fold0: training epoch 1 of 3" in output
    assert "stopped by SIGTERM; everything is saved.\nGo on with: python" in error
    assert "stopped by SIGTERM after step" in first.with_name(first.name + ".log").read_text()
    assert not (first / "results.json").exists()

    done = run("table.py", *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    assert "going on from step" in first.with_name(first.name + ".log").read_text()
    assert "deep_cnn-seed0-fold0: done, test" in done.stdout
    path = folder / "results" / "two.json"
    made = json.loads(path.read_text())
    assert [row["row"] for row in made["rows"]] == ["stripnet", "deep_cnn"]
    for one in made["runs"]:
        assert one["parameters"] == one["results"]["parameters"] > 1000
        assert one["images_per_second"] > 0
        assert len(one["predictions"]["cell"]) == one["results"]["images"] == 46
    for row, one in zip(made["rows"], made["runs"], strict=True):
        for name in ("accuracy", "macro_f1", "expected_calibration_error"):
            assert row[name] == pytest.approx(one["results"][name])
        assert row["recall"] == pytest.approx(one["results"]["recall"])
    (comparison,) = made["comparisons"]
    difference = made["rows"][1]["accuracy"] - made["rows"][0]["accuracy"]
    assert comparison["mean"]["difference"] == pytest.approx(difference)
    assert path.with_suffix(".png").stat().st_size > 1000
    assert "## Image by image" in path.with_suffix(".md").read_text()

    # Called again it starts no run: the logs stay, and so do the numbers.
    logs = {log: log.read_text() for log in (folder / "runs" / "two").glob("*.log")}
    again = run("table.py", *arguments, folder=folder)
    assert again.returncode == 0, again.stderr
    assert {log: log.read_text() for log in logs} == logs
    assert json.loads(path.read_text()) == made


def test_a_field_that_varies_makes_a_row_of_each_value(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags.FLAGS.mark_as_parsed()
    with flagsaver.flagsaver(configs=[STRIPNET], vary="split.training_share=0.5, 1", seeds=["3"]):
        runs = table._planned_runs()
    assert [run.row for run in runs] == ["stripnet@0.5", "stripnet@1"]
    assert [run.experiment.split.training_share for run in runs] == [0.5, 1.0]
    assert runs[0].workdir == Path("runs/table/stripnet@0.5-seed3-fold0")
    assert "--config.split.training_share=0.5" in runs[0].arguments


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


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"configs": []}, "`--configs` must name config files, got nothing"),
        ({"configs": [STRIPNET, STRIPNET]}, "got `stripnet-smoke` more than once"),
        ({"configs": [STRIPNET.replace("stripnet.py", "stripmet.py")]}, "did you mean"),
        ({"configs": [STRIPNET + "x"]}, "`:smokex` must be one of"),
        ({"seeds": ["0", "x"]}, "`--seeds` must be different whole numbers"),
        ({"folds": ["1", "1"]}, "`--folds` must be different whole numbers"),
        ({"folds": ["9"]}, "`split.fold` must be between 0 and 4, got 9"),
        ({"pairs": ["stripnet"]}, "`--pairs` must look like"),
        ({"overrides": "training.epochs"}, "`--overrides` must look like"),
        ({"overrides": "training.epoch=3"}, 'Did you mean "epochs"'),
        ({"overrides": "training.epochs=many"}, "training.epochs"),
        ({"overrides": "training.epochs=0"}, "`training.epochs` must be between 1"),
        ({"vary": "split.training_share=0.5"}, "`--vary` must look like"),
        ({"vary": "split.training_share=0.5,0.5"}, "with different values"),
        ({"vary": "split.training_shore=0.5,1"}, 'Did you mean "training_share"'),
        ({"vary": "split.training_share=0.5,2"}, "`split.training_share` must be between"),
        ({"overrides": "seed=3"}, "`--overrides` must not set `seed`; use --seeds"),
        ({"name": "a/b"}, "`--name` must be letters"),
    ],
)
def test_what_is_refused(tmp_path, monkeypatch, values, text):
    monkeypatch.chdir(tmp_path)
    flags.FLAGS.mark_as_parsed()
    with (
        flagsaver.flagsaver(**({"configs": [STRIPNET]} | values)),
        pytest.raises((ValueError, OSError)) as raised,
    ):
        table.main()
    assert text in str(raised.value)
    assert list(tmp_path.iterdir()) == []
