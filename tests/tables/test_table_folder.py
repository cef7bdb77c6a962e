"""The folder of a table, written and read again."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from superxception_jax.runs.config.stored_config import upgrade_config
from superxception_jax.tables.table import build_table, table_json
from superxception_jax.tables.table_folder import StoredTable, add_runs, load_table, write_table
from tests.tables.hand_made import four_runs, hand_made, varied

FILES = ["README.md", "table.json", "predictions.npz", "accuracy.png", "cost.png"]


def made(runs, **options):
    values = {"name": "t", "pairs": [("super_xception", "xception")], "commands": ["x"]}
    return build_table(runs, **values | options)


def test_a_stored_table_gives_the_same_table_again(tmp_path):
    runs = four_runs()
    runs += [
        hand_made("alexnet", "1 2 1 X", assigned="1 2 1 Y", confidences=(0.5, 0.75, 1.0, 0.25))
    ]
    table = made(runs)
    files = write_table(tmp_path / "t", table)
    assert [file.name for file in files] == FILES
    stored = load_table(tmp_path / "t")
    assert (stored.commands, stored.pairs) == (("x",), (("super_xception", "xception"),))
    again = made(stored.runs)
    assert again.rows == table.rows
    assert again.comparisons == table.comparisons
    assert again.rows[2].expected_calibration_error != 0.1
    assert table_json(again).partition('"runs"')[0] == table_json(table).partition('"runs"')[0]


def test_runs_that_are_added_at_the_same_time_are_all_kept(tmp_path):
    def add(seed):
        run = hand_made("xception", "1 2 1 X", seed=seed)
        # A stored config has all fields.
        run = dataclasses.replace(run, config=upgrade_config(run.config)[0])
        add_runs(tmp_path / "t", [run], pairs=[], command=f"call {seed}", vary="")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, range(3)))
    assert [run.seed for run in load_table(tmp_path / "t").runs] == [0, 1, 2]
    assert sorted(load_table(tmp_path / "t").commands) == ["call 0", "call 1", "call 2"]
    assert [path.name for path in tmp_path.iterdir()] == ["t"]
    with pytest.raises(ValueError, match=r"`--vary` must be the field of the stored table, ``"):
        add_runs(tmp_path / "t", [], pairs=[], command="x", vary="split.training_share")


def test_notes_become_a_part_of_the_page_and_may_come_first(tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "notes.md").write_text("It *rains*.")
    assert load_table(tmp_path / "t") == StoredTable()
    write_table(tmp_path / "t", made(four_runs()))
    assert "## Conclusions\n\nIt *rains*." in (tmp_path / "t" / "README.md").read_text()


def test_no_folder_and_no_predictions(tmp_path):
    assert load_table(tmp_path / "t").runs == ()
    write_table(tmp_path / "t", made(four_runs()))
    (tmp_path / "t" / "predictions.npz").unlink()
    with pytest.raises(ValueError, match=r"predictions\.npz` must hold the predictions"):
        load_table(tmp_path / "t")


def test_what_is_no_table_of_this_version_is_left_alone(tmp_path):
    (tmp_path / "README.md").write_text("precious")
    (tmp_path / "speed.json").write_text('{"runs": [{"speed": 1}]}')
    (tmp_path / "karyogram").mkdir()
    (tmp_path / "karyogram" / "karyogram.png").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "table.json").write_text('{"runs": [{"speed": 1}]}')
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "table.json").write_text("{")
    for name, file in (
        ("README.md", "README.md"),
        ("speed", "speed.json"),
        ("karyogram", "karyogram/karyogram.png"),
        ("other", "other/table.json"),
    ):
        with pytest.raises(ValueError, match=rf"`--name` must be free or name.*{file}"):
            load_table(tmp_path / name)
    with pytest.raises(ValueError, match=r"broken/table.json` must hold the values of a table.*"):
        load_table(tmp_path / "broken")


def test_a_table_with_more_predictions_than_runs_still_loads(tmp_path):
    # The predictions are written before the values: an interruption in between leaves more.
    folder = tmp_path / "t"
    write_table(folder, made(four_runs()))
    values = (folder / "table.json").read_text()
    write_table(folder, made([*four_runs(), hand_made("alexnet", "2 2 1 X", fold=1)]))
    (folder / "table.json").write_text(values)
    stored = load_table(folder)
    assert [run.name for run in stored.runs][-1] == "super_xception-seed1-fold0"
    np.testing.assert_array_equal(stored.runs[0].predictions.predicted, [0, 1, 1, 22])


def test_rows_that_differ_in_a_text_have_no_curve(tmp_path):
    runs = [varied("xception", 1.0, "1 2 1 X"), varied("xception", 0.5, "1 1 1 X")]
    texts = [
        dataclasses.replace(one, config={**one.config, "split": {"training_share": name}})
        for one, name in zip(runs, ("all", "half"), strict=True)
    ]
    for number, some in enumerate((runs, texts)):
        field = "split.training_share"
        table = build_table(some, name="t", pairs=[], commands=["x"], vary=field)
        assert table.is_curve == (some is runs)
        assert len(write_table(tmp_path / str(number), table)) == 5
