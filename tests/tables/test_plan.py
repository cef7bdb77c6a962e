"""What a table refuses before its first run, and what it keeps of a stored one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from configs.xception import get_config
from superxception_jax.files import write_json
from superxception_jax.runs.config.config_values import config_differences
from superxception_jax.tables.runner import load_finished, make_table
from superxception_jax.tables.same_config import row_differences, table_differences
from superxception_jax.tables.table import build_table
from superxception_jax.tables.table_folder import load_table, write_table
from tests.tables.planned_runs import finish, plan, planned


def store(folder, runs, *, pairs=(), vary=""):
    """Write the table of some finished runs."""
    for run in runs:
        finish(run)
    records = [record for record in map(load_finished, runs) if record is not None]
    assert len(records) == len(runs)
    table = build_table(records, name="t", pairs=pairs, commands=["first"], vary=vary)
    write_table(folder / "results" / "t", table)


def test_a_table_grows_over_several_calls(tmp_path):
    store(tmp_path, [planned(tmp_path)], pairs=[("xception", "super_xception")])
    runs = [planned(tmp_path, "super_xception", **{"data.data_dir": "/elsewhere"})]
    pair = ("super_xception", "xception")
    finish(runs[0])
    for command in ("second", "first"):
        made = plan(tmp_path, runs, pairs=[pair], command=command)
        assert made.folder == tmp_path / "results" / "t"
        make_table(made, show=lambda states: None)
        stored = load_table(made.folder)
        assert [run.row for run in stored.runs] == ["xception", "super_xception"]
        assert stored.pairs == (pair[::-1], pair)
        assert stored.commands[-1] == command
    assert stored.commands == ("second", "first")


@pytest.mark.parametrize(
    ("rows", "options", "text"),
    [
        ([{}], {"name": "../x"}, "`--name` must consist of letters"),
        ([{}], {"pairs": [("xception", "resnet")]}, "must name rows of the table, xception, got"),
        ([{}], {"pairs": [("xception", "xception")]}, "must name two rows, got `xception` twice"),
        (
            [{}, {"row": "super_xception", "data.ideogram_cells": 6}],
            {},
            "must test the same images to be in one table, got `super_xception` and `xception`",
        ),
    ],
)
def test_what_cannot_stand_in_a_table_is_refused(tmp_path, rows, options, text):
    with pytest.raises(ValueError, match=text):
        plan(tmp_path, [planned(tmp_path, **row) for row in rows], **options)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data.curled_share", 0.5),
        ("data.unlabelled_folder", "cells"),
        ("data.unlabelled_reader", "gband"),
        ("data.unlabelled_polarity", "upright"),
        ("data.memory_share", 0.25),
        ("data.repeats", "2"),
        ("split.training_share", 0.5),
    ],
)
def test_rows_may_differ_in_what_changes_no_test_image(field, value):
    config = get_config("smoke")
    other = get_config("smoke")
    other.update_from_flattened_dict({field: value})
    configs = [one.to_dict() for one in (config, other)]
    assert config_differences(*configs)
    assert table_differences(*configs) == []
    # What only decides where the images are kept may differ within a row, too.
    assert (row_differences(*configs) == []) == (field == "data.memory_share")


@pytest.mark.parametrize("seed", [0, 1])
def test_a_stored_row_of_another_config_is_neither_joined_nor_replaced(tmp_path, seed):
    store(tmp_path, [planned(tmp_path)])
    longer = {"training.epochs": 7}
    with pytest.raises(ValueError, match=r"whose row `xception` has the same config(.|\n)*epochs"):
        plan(tmp_path, [planned(tmp_path / "new", seed=seed, **longer)])


def test_a_stored_run_is_asked_for_again_where_its_folder_has_moved(tmp_path):
    store(tmp_path, [planned(tmp_path, **{"data.own_folder": "cells"})])
    for folder in ("cells", str(Path("cells").absolute()), "/moved/cells"):
        again = planned(tmp_path / "again", **{"data.own_folder": folder})
        assert plan(tmp_path, [again]).runs == (again,)
    other = planned(tmp_path / "other", "super_xception", **{"data.own_folder": "/moved/cells"})
    with pytest.raises(ValueError, match="must test the same images to be in one table"):
        plan(tmp_path, [other])


def test_a_stored_row_on_the_canvas_goes_on_however_its_side_is_written(tmp_path):
    """Version 0.1 wrote the side of the canvas for what is 0 now."""
    written = planned(tmp_path, **{"model.input_px": 50})
    store(tmp_path, [written])
    for again in (written.workdir, tmp_path / "new"):
        run = dataclasses.replace(planned(tmp_path, **{"model.input_px": 0}), workdir=again)
        assert plan(tmp_path, [run]).runs == (run,)
    other = {"model.input_px": 0, "normalization.image_px": 60}
    with pytest.raises(ValueError, match=r"has the same config(.|\n)*image_px: 60 → 50"):
        plan(tmp_path, [planned(tmp_path / "other", seed=1, **other)])


def test_a_folder_of_another_run_is_refused_with_the_differences(tmp_path):
    run = planned(tmp_path)
    finish(run)
    other = dataclasses.replace(planned(tmp_path, **{"training.epochs": 7}), workdir=run.workdir)
    with pytest.raises(ValueError, match=r"`--runs` must hold a run of the same(.|\n)*epochs: 2"):
        plan(tmp_path, [other])


def test_a_stored_table_keeps_its_varied_field(tmp_path):
    store(tmp_path, [planned(tmp_path)], vary="split.training_share")
    with pytest.raises(ValueError, match=r"`--vary` must be the field of the stored table, `split"):
        plan(tmp_path, [planned(tmp_path, seed=1)])


def test_a_stored_config_of_an_earlier_version_is_the_same_config(tmp_path):
    store(tmp_path, [planned(tmp_path)])
    path = tmp_path / "results" / "t" / "table.json"
    values = json.loads(path.read_text())
    config = values["runs"][0]["config"]
    config["training"]["optimizer"] = config["optimizer"].pop("name")
    del config["split"]["test_only"]
    write_json(path, values)
    assert plan(tmp_path, [planned(tmp_path, seed=1)]).command == "again"


def test_a_table_of_an_earlier_version_is_left_alone(tmp_path):
    (tmp_path / "results").mkdir()
    write_json(tmp_path / "results" / "t.json", {"runs": []})
    with pytest.raises(ValueError, match=r"(?s)`--name` must be free or name.*results/t\.json"):
        plan(tmp_path, [planned(tmp_path)])
