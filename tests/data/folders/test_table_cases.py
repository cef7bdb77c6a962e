"""Whose the cells of a table are that names no case for them: what the folders say, or nobody."""

from __future__ import annotations

import unicodedata

import pytest

from superxception_jax.data.folders.folder_layout import recognize_cells, recognize_layout
from tests.data.folders.test_table_cells import write_labels
from tests.data.image_folders import put_names


def cells_of(folder):
    return [(cell.case, cell.name) for cell in recognize_layout(folder).cells]


def test_a_cell_of_the_table_has_the_case_of_its_folder(tmp_path):
    names = [f"{case}/cell 1/{one}.png" for case in ("P1", "P2") for one in range(3)]
    put_names(tmp_path, names)
    write_labels(tmp_path, [f"{name},7,Cell 1,," for name in names])
    assert cells_of(tmp_path) == [("P1", "P1/Cell 1"), ("P2", "P2/Cell 1")]
    # Deeper, the patient is the folder of the cell's, and not the year.
    deep = tmp_path / "deep"
    put_names(deep, [f"{year}/{name}" for year in (2023, 2024) for name in names])
    write_labels(deep, [f"{year}/{name},7,,," for year in (2023, 2024) for name in names])
    assert [case for case, _ in cells_of(deep)] == ["2023/P1", "2023/P2", "2024/P1", "2024/P2"]
    said = "; cases are named after folders, such as `2023/P1`: fill in `case` of labels.csv"
    assert said in recognize_layout(deep).sentence
    assert "named after folders" not in recognize_layout(tmp_path).sentence


def test_a_cell_of_unknown_case_in_several_folders_is_refused(tmp_path):
    names = [f"{patient}/{cell}-{one}.png" for patient in "AB" for cell in (1, 2) for one in "xy"]
    put_names(tmp_path, names)
    write_labels(tmp_path, [f"{name},7,{name[2]},," for name in names])
    with pytest.raises(ValueError, match=r"got 2 problems") as error:
        recognize_layout(tmp_path)
    assert (
        "labels.csv line 6 (B/1-x.png): the images of cell '1' are in several folders, `A` and "
        "`B`, and may be of several patients; fill in `case`"
    ) in str(error.value)
    write_labels(tmp_path, [f"{name},7,{name[2]},{name[0]}," for name in names])
    assert cells_of(tmp_path) == [("A", "A/1"), ("A", "A/2"), ("B", "B/1"), ("B", "B/2")]


@pytest.mark.parametrize("case", ["", "P1/"])
def test_a_corrected_class_in_a_folder_of_classes_leaves_the_cell_whole(tmp_path, case):
    names = [f"{case}cell 1/chr{label}/{one}.png" for label in range(1, 23) for one in "ab"]
    put_names(tmp_path, names)
    labels = [str(number) for number in range(1, 23) for _ in "ab"]
    labels[2] = "3"
    rows = [f"{name},{label},cell 1,," for name, label in zip(names, labels, strict=True)]
    write_labels(tmp_path, rows)
    assert cells_of(tmp_path) == [(case[:-1], f"{case}cell 1")]
    assert [len(cell.files) for cell in recognize_cells(tmp_path).cells] == [44]


def test_a_cell_in_two_folders_of_its_patient_is_one(tmp_path):
    names = [f"P1/{part}/{one}.png" for part in ("c1", "extra") for one in range(3)]
    put_names(tmp_path, names)
    write_labels(tmp_path, [f"{name},7,c1,," for name in names])
    assert cells_of(tmp_path) == [("P1", "P1/c1")]
    # Where the second folder holds other cells, too, nobody knows whose they are.
    put_names(tmp_path, ["P1/extra/other.png"])
    write_labels(tmp_path, [*(f"{name},7,c1,," for name in names), "P1/extra/other.png,7,c2,,"])
    with pytest.raises(ValueError, match="'c1' are in several folders, `P1/c1` and `P1/extra`"):
        recognize_layout(tmp_path)


def test_the_folder_of_a_single_cell_has_a_case_whatever_its_name(tmp_path):
    names = [f"P{patient}/scan {one}/{one}.png" for patient in (1, 2) for one in (1, 2)]
    put_names(tmp_path, names)
    write_labels(tmp_path, [f"{name},7,c{name[1]}{name[-5]},," for name in names])
    assert [case for case, _ in cells_of(tmp_path)] == ["P1", "P1", "P2", "P2"]


def test_a_case_of_the_table_and_of_folders_is_one(tmp_path):
    folder = unicodedata.normalize("NFD", "Müller")
    put_names(tmp_path, [f"{folder}/{cell}/1.png" for cell in "ab"])
    write_labels(tmp_path, ["Müller/a/1.png,7,a,Müller,", "Müller/b/1.png,7,b,,"])
    assert [case for case, _ in cells_of(tmp_path)] == ["Müller", "Müller"]
    write_labels(tmp_path, ["Müller/a/1.png,7,a,müller,", "Müller/b/1.png,7,b,,"])
    with pytest.raises(ValueError, match=r"the case 'Müller' and 'müller' may be the same"):
        recognize_layout(tmp_path)


def test_cells_of_two_cultures_that_the_table_makes_one_are_refused(tmp_path):
    names = [f"K1/{way}/{cell}/{one}.png" for way in "AB" for cell in (1, 2) for one in "xy"]
    put_names(tmp_path, names)
    write_labels(tmp_path, [f"{name},7,{name[5]},K1," for name in names])
    for read in (recognize_layout, recognize_cells):
        with pytest.raises(ValueError, match="got 2 problems") as error:
            read(tmp_path)
        assert (
            "labels.csv line 6 (K1/B/1/x.png): cell '1' of case 'K1' has 4 images of class '7' in "
            "several folders of its name, `K1/A/1` and `K1/B/1`, and may be several cells; name "
            "these differently in `cell` or `case`, or put the images of a cell into one folder"
        ) in str(error.value)
    write_labels(tmp_path, [f"{name},7,{name[3]}{name[5]},K1," for name in names])
    assert [name for _, name in cells_of(tmp_path)] == ["K1/A1", "K1/A2", "K1/B1", "K1/B2"]
    # A case that only the table names has no folders that must be said.
    write_labels(tmp_path, [f"{name},7,{name[5]},2024/{name[3]}," for name in names])
    assert cells_of(tmp_path)[0] == ("2024/A", "2024/A/1")
    assert "named after folders" not in recognize_layout(tmp_path).sentence


@pytest.mark.parametrize(
    "names",
    [
        # Three of a class in its folder are a trisomy.
        {"chr7/c1/a": "7", "chr7/c1/b": "7", "chr21/c1/a": "21", "chr21/c1/b": "21"}
        | {"chr21/c1/c": "21"},
        {"P1/A/c1/a": "1", "P1/A/c1/b": "2", "P1/B/c1/a": "4", "P1/B/c1/b": "5"},
        {"train/P1/c1/a": "1", "train/P1/c1/b": "2", "test/P1/c1/a": "1", "test/P1/c1/b": "3"},
    ],
)
def test_a_cell_that_folders_divide_is_one_as_the_table_says(tmp_path, names):
    put_names(tmp_path, [f"{name}.png" for name in names])
    write_labels(tmp_path, [f"{name}.png,{label},c1,P1," for name, label in names.items()])
    assert cells_of(tmp_path) == [("P1", "P1/c1")]
    assert [len(cell.files) for cell in recognize_cells(tmp_path).cells] == [len(names)]


def test_a_cell_that_folders_divide_is_one_also_without_classes(tmp_path):
    for count, refused in ((20, False), (31, True)):
        names = [f"P1/{way}/c1/{one}.png" for way in "AB" for one in range(count)]
        put_names(tmp_path, names)
        write_labels(tmp_path, [f"{name},,c1,P1," for name in names])
        if refused:
            with pytest.raises(ValueError, match="has 62 images in several folders of its name"):
                recognize_cells(tmp_path)
        else:
            assert [len(cell.files) for cell in recognize_cells(tmp_path).cells] == [40]


def test_a_case_that_a_table_names_elsewhere_leaves_others_questioned(tmp_path):
    names = ["K1/culture A/c1/x.png", "K1/culture B/c2/x.png", "K2/c1/x.png"]
    put_names(tmp_path, names)
    rows = zip(names, ("c1,", "c2,", "c1,K2"), strict=True)
    write_labels(tmp_path, [f"{name},7,{cell}," for name, cell in rows])
    assert "named after folders, such as `K1/culture A`" in recognize_layout(tmp_path).sentence


def test_a_case_that_a_table_names_as_the_folders_do_is_not_questioned(tmp_path):
    names = [f"K1/culture A/c{cell}/{one}.png" for cell in (1, 2) for one in "xy"]
    put_names(tmp_path, names)
    write_labels(tmp_path, [f"{name},7,{name[13:15]},K1/culture A," for name in names])
    assert "named after folders" not in recognize_layout(tmp_path).sentence


@pytest.mark.parametrize("case", ["2,02401E+11", "2.02401E+11", "1e+12"])
def test_numbers_that_a_spreadsheet_has_shortened_are_refused(tmp_path, case):
    put_names(tmp_path, ["a.png", "b.png"])
    write_labels(tmp_path, [f'a.png,7,1,"{case}",', "b.png,7,1,1E5,"])
    with pytest.raises(ValueError, match="got 1 problem") as error:
        recognize_layout(tmp_path)
    assert (
        f"labels.csv line 2 (a.png): `case` must be as it was entered, got {case!r}, a number that "
        "a spreadsheet has shortened; format the column as text, and enter it again"
    ) in str(error.value)
