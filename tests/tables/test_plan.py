"""What a table refuses before its first run, and what it reads from a finished one."""

from __future__ import annotations

import dataclasses

import pytest

from configs import super_xception, xception
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.tables.plan import name_rows
from superxception_jax.tables.runner import load_finished
from superxception_jax.tables.table import build_table, table_json
from tests.tables.planned_runs import finish, plan, planned


def store(folder, runs, **options):
    """Write the table of some finished runs."""
    for run in runs:
        finish(run)
    records = [load_finished(run, command="x") for run in runs]
    table = build_table(records, name="t", pairs=[], commands=["first"]) | options
    (folder / "results").mkdir(exist_ok=True)
    write_text(folder / "results" / "t.json", table_json(table))


def test_rows_are_named_by_config_and_by_preset_where_names_repeat():
    one, two, three = (
        build_experiment(file.get_config(preset))
        for file, preset in ((xception, "smoke"), (xception, ""), (super_xception, "smoke"))
    )
    assert name_rows([one, three]) == ["xception", "super_xception"]
    assert name_rows([one, two, three]) == ["xception-smoke", "xception-embedded", "super_xception"]
    with pytest.raises(ValueError, match="got `xception-smoke` more than once"):
        name_rows([one, one])


def test_a_finished_run_is_read_and_an_unfinished_one_is_not(tmp_path):
    run = planned(tmp_path, seed=2)
    assert load_finished(run, command="x") is None
    finish(run, predicted=["1", "2", "2", "X"])
    record = load_finished(run, command="x")
    assert record.key == run.key == ("xception", 2, 0)
    assert record.predictions["predicted"] == ["1", "2", "2", "X"]
    assert record.predictions["cell"] == ["0", "0", "1", "1"]
    assert (record.parameters, record.images_per_second) == (77, 50)
    assert (record.training_seconds, record.commit, record.command) == (30.0, "abc", "x")
    results = dict(record.results)
    del results["multiply_accumulates"]
    write_json(run.workdir / "results.json", results)
    assert load_finished(run, command="x") is None


def test_a_table_grows_over_several_calls(tmp_path):
    store(tmp_path, [planned(tmp_path)], pairs=[["xception", "super_xception"]])
    runs = [planned(tmp_path, "super_xception", **{"data.data_dir": "/elsewhere"})]
    pair = ("super_xception", "xception")
    made = plan(tmp_path, runs, pairs=[pair], command="second")
    assert [run.key for run in made.earlier] == [("xception", 0, 0)]
    assert made.pairs == (pair[::-1], pair)
    assert made.commands == ("first", "second")
    assert plan(tmp_path, runs, command="first").commands == ("first",)
    assert plan(tmp_path, runs).file(".md") == tmp_path / "results" / "t.md"


@pytest.mark.parametrize(
    ("rows", "options", "text"),
    [
        ([{}], {"name": "../x"}, "`--name` must be letters"),
        ([{}], {"pairs": [("xception", "resnet")]}, "must name rows of the table, xception, got"),
        ([{}], {"pairs": [("xception", "xception")]}, "must name two rows, got `xception` twice"),
        (
            [{"fold": 1, "split.protocol": "paper"}],
            {},
            "`--folds` must be 0 with the split `paper`, which has no folds, got 1",
        ),
        (
            [{}, {"row": "super_xception", "data.ideogram_cells": 6}],
            {},
            "must test the same images to stand in one table, got `super_xception` beside",
        ),
    ],
)
def test_what_cannot_stand_in_a_table_is_refused(tmp_path, rows, options, text):
    with pytest.raises(ValueError, match=text):
        plan(tmp_path, [planned(tmp_path, **row) for row in rows], **options)


def test_a_stored_row_of_another_config_is_refused_unless_it_is_replaced(tmp_path):
    store(tmp_path, [planned(tmp_path)])
    longer = {"training.epochs": 7}
    with pytest.raises(ValueError, match=r"whose row `xception` has the same config(.|\n)*epochs"):
        plan(tmp_path, [planned(tmp_path / "new", seed=1, **longer)])
    replaced = plan(tmp_path, [planned(tmp_path / "new", seed=0, **longer)])
    assert replaced.runs[0].experiment.epochs == 7


def test_a_folder_of_another_run_is_refused_with_the_differences(tmp_path):
    run = planned(tmp_path)
    finish(run)
    other = dataclasses.replace(planned(tmp_path, **{"training.epochs": 7}), workdir=run.workdir)
    with pytest.raises(ValueError, match=r"`--runs` must hold a run of the same(.|\n)*epochs: 2"):
        plan(tmp_path, [other])


def test_files_that_are_no_table_are_left_alone(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    (results / "README.md").write_text("precious")
    (results / "speed.json").write_text('{"runs": [{"speed": 1}]}')
    for name, file in (("README", "README.md"), ("speed", "speed.json")):
        with pytest.raises(ValueError, match=rf"(?s)`--name` must be free or name.*{file}"):
            plan(tmp_path, [planned(tmp_path)], name=name)
