"""The runs that flags ask for, and what is refused before any of them starts."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from configs import super_xception, xception
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.tables.request import TableRequest, name_rows, plan_runs, plan_table
from tests.paths import REPOSITORY

STRIPNET = f"{REPOSITORY / 'configs' / 'stripnet.py'}:smoke"
REQUEST = TableRequest(
    name="table",
    configs=[STRIPNET],
    seeds=["0"],
    folds=["0"],
    pairs=[],
    overrides="",
    vary="",
    runs="",
    results="results",
    program=REPOSITORY / "launch" / "main.py",
    arguments=["--compilation_cache=off"],
)


def request(**fields):
    return dataclasses.replace(REQUEST, **fields)


def test_rows_are_named_by_config_and_by_preset_where_names_repeat():
    one, two, three = (
        build_experiment(file.get_config(preset))
        for file, preset in ((xception, "smoke"), (xception, ""), (super_xception, "smoke"))
    )
    assert name_rows([one, three]) == ["xception", "super_xception"]
    assert name_rows([one, two, three]) == ["xception-smoke", "xception-embedded", "super_xception"]
    with pytest.raises(ValueError, match="got `xception-smoke` more than once"):
        name_rows([one, one])


def test_a_run_has_the_command_line_of_a_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (run,) = plan_runs(request(runs="elsewhere", overrides=" training.epochs=1; ", folds=["2"]))
    assert run.workdir == Path("elsewhere/stripnet-seed0-fold2")
    assert run.arguments == (
        str(REPOSITORY / "launch" / "main.py"),
        f"--config={STRIPNET}",
        "--config.training.epochs=1",
        "--config.seed=0",
        "--config.split.fold=2",
        "--workdir=elsewhere/stripnet-seed0-fold2",
        "--compilation_cache=off",
    )
    monkeypatch.chdir(REPOSITORY)
    assert plan_runs(REQUEST)[0].arguments[0] == "launch/main.py"


def test_all_rows_of_a_seed_come_before_the_next_seed():
    other = STRIPNET.replace("stripnet.py", "deep_cnn.py")
    runs = plan_runs(request(configs=[STRIPNET, other], seeds=["3", "1"]))
    assert [run.key for run in runs] == [
        ("stripnet", 3, 0),
        ("deep_cnn", 3, 0),
        ("stripnet", 1, 0),
        ("deep_cnn", 1, 0),
    ]


def test_a_field_that_varies_makes_a_row_of_each_value():
    runs = plan_runs(request(vary="split.training_share=0.5, 1", seeds=["3"]))
    assert [run.row for run in runs] == ["stripnet@0.5", "stripnet@1"]
    assert [run.experiment.split.training_share for run in runs] == [0.5, 1.0]
    assert runs[0].workdir == Path("runs/table/stripnet@0.5-seed3-fold0")
    assert "--config.split.training_share=0.5" in runs[0].arguments


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
        ({"overrides": "training.epoch=3"}, "did you mean `--config.training.epochs`?"),
        ({"overrides": "training.epochs=many"}, "training.epochs"),
        ({"overrides": "training.epochs=0"}, "`training.epochs` must be between 1"),
        ({"vary": "split.training_share=0.5"}, "`--vary` must look like"),
        ({"vary": "split.training_share=0.5,0.5"}, "with different values"),
        ({"vary": "seed=1,2"}, "`--vary` must not set `seed`, got `seed=1,2`; use --seeds"),
        ({"vary": " split.fold =1,2"}, "`--vary` must not set `split.fold`"),
        ({"vary": "split.training_shore=0.5,1"}, "did you mean `--config.split.training_share`?"),
        ({"vary": "split.training_share=0.5,2"}, "`split.training_share` must be between"),
        ({"overrides": "seed=3"}, "`--overrides` must not set `seed`, got `seed=3`; use --seeds"),
        ({"name": "a/b"}, "`--name` must consist of letters"),
    ],
)
def test_what_is_refused(tmp_path, monkeypatch, values, text):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, OSError)) as raised:
        plan_table(request(**values), command="x")
    assert text in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_the_documented_command_of_a_run_on_a_cluster_is_that_of_the_table(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    (run,) = plan_runs(request(seeds=["3"], arguments=[]))
    text = Path("docs/scaling.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"`srun (python launch/main\.py[^`]*)`", text)
    values = {"config": STRIPNET, "table": "table", "row": "stripnet", "seed": "3", "fold": "0"}
    filled = re.sub(r"<(\w+)>", lambda found: values[found[1]], " ".join(command.split()))
    assert filled == run.command
