from __future__ import annotations

import pytest

from superxception_jax.data.folders.folder_layout import recognize_layout
from superxception_jax.data.own.labels import read_labels
from tests.data.image_folders import put_names


def labels(folder) -> dict[str, str]:
    return {one.shown: one.label for one in read_labels(recognize_layout(folder))}


def refused(folder) -> str:
    with pytest.raises(ValueError) as error:
        labels(folder)
    return str(error.value)


def test_classes_come_from_names_folders_or_the_table(tmp_path):
    names = put_names(tmp_path / "names", ["c/scan_3a.png", "c/chrX.png", "c/01.png"])
    assert labels(names) == {"c/01.png": "1", "c/chrX.png": "X", "c/scan_3a.png": "3"}
    folders = put_names(tmp_path / "folders", ["c/chr3/img 12.png", "c/chrX/2.png"])
    assert labels(folders) == {"c/chr3/img 12.png": "3", "c/chrX/2.png": "X"}
    (names / "labels.csv").write_text("file,class\nc/01.png,chr05\n")
    assert labels(names) == {"c/01.png": "5"}


def test_the_number_of_a_cell_is_no_class_in_the_folder_of_a_case_either(tmp_path):
    put_names(tmp_path, ["P1/7/7 23.png", "P1/8/8 1a.png"])
    assert labels(tmp_path) == {"P1/7/7 23.png": "X", "P1/8/8 1a.png": "1"}


def test_the_orientation_is_that_of_the_table(tmp_path):
    put_names(tmp_path, ["c/3a.png", "c/3b.png", "c/4.png", "d/5.png"])
    assert {one.turned for one in read_labels(recognize_layout(tmp_path))} == {None}
    rows = "c/4.png,4,\nd/5.png,5,TRUE\nc/3b.png,3,no\nc/3a.png,3,yes\n"
    (tmp_path / "labels.csv").write_text(f"file,class,turned\n{rows}")
    found = {one.shown: one.turned for one in read_labels(recognize_layout(tmp_path))}
    assert found == {"c/3a.png": True, "c/3b.png": False, "c/4.png": None, "d/5.png": True}


def test_a_folder_that_contradicts_a_name_is_refused(tmp_path):
    put_names(tmp_path, ["c/chr3/1.png", "c/chr3/scan 4a.png"])
    assert "c/chr3/scan 4a.png: its folder says class 3, its name class 4" in refused(tmp_path)


def test_a_table_with_a_capital_goes_before_running_numbers(tmp_path):
    put_names(tmp_path, [f"c/{number}.png" for number in range(1, 6)])
    (tmp_path / "Labels.csv").write_text(
        "file,class\n" + "\n".join(f"c/{number}.png,{23 - number}" for number in range(1, 6))
    )
    assert labels(tmp_path)["c/1.png"] == "22"
    (tmp_path / "Labels.csv").unlink()
    assert "c/1.png and 4 more: `1` to `5` may be classes or running numbers" in refused(tmp_path)


@pytest.mark.parametrize(
    "name", ["labels.tsv", "Labels.xlsx", "labels (1).csv", "c/labels.csv", "labels.csv.txt"]
)
def test_a_table_that_would_not_be_read_is_refused(tmp_path, name):
    put_names(tmp_path, ["c/1a.png", name])
    assert f"{name}: this table would not be read; save it as `labels.csv`" in refused(tmp_path)


def test_problems_name_the_remedies_once(tmp_path):
    put_names(tmp_path, ["c/scan41 21 2.png", "c/sex XY.png", "c/set 3 of 7.png", "c/a.png"])
    text = refused(tmp_path)
    assert "got 3 problems" in text
    assert "c/a.png and 1 more: its class is unknown" in text
    assert text.count("A name must end in its class") == 1
    assert text.endswith("with the columns file,class[,cell][,case][,turned].")


def test_the_same_name_with_two_endings_is_refused(tmp_path):
    put_names(tmp_path, ["c/3a.png", "c/3a.tif"])
    assert "c/3a.tif: `c/3a.png` has the same name" in refused(tmp_path)


def test_a_class_that_a_table_leaves_out_is_asked_for(tmp_path):
    put_names(tmp_path, ["c/3a.png", "c/4a.png"])
    (tmp_path / "labels.csv").write_text("file,class,cell\nc/3a.png,,c\nc/4a.png,99,c\n")
    text = refused(tmp_path)
    assert "c/3a.png: its class is unknown: fill in the column `class`" in text
    assert "c/4a.png: `class` must be 1 to 22" in text
