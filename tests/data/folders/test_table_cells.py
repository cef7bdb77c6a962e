from __future__ import annotations

import pytest

from superxception_jax.data.folders.folder_layout import recognize_cells, recognize_layout
from superxception_jax.karyotyping.folders import find_cells
from tests.data.image_folders import put_names


@pytest.mark.parametrize("name", ["Labels.csv", "LABELS.CSV", "labels.csv"])
def test_a_table_goes_before_the_folders(tmp_path, name):
    put_names(tmp_path, ["7/1.png", "7/2.png", "case 7/cell 1/3.png", "x/4.png", "5.png"])
    table = (
        "file;class;cell;case\n7/1.png;7;c;P1\n7/2.png;7;c;P2\nCASE 7\\cell 1\\3.png;X;;\n"
        "5.png;;c;\n"
    )
    (tmp_path / name).write_text(table)
    layout = recognize_layout(tmp_path)
    assert [(cell.case, cell.name, cell.classes) for cell in layout.cells] == [
        ("", "c", ("",)),
        ("P1", "P1/c", ("7",)),
        ("P2", "P2/c", ("7",)),
        ("case 7", "case 7/cell 1", ("X",)),
    ]
    assert layout.left_out_lines == ("left out: x/4.png: not in labels.csv",)
    assert "4 cells in 3 cases, 1 of them without a case (as labels.csv says)" in layout.sentence
    with pytest.raises(ValueError, match=r"must list all images unless .*, got 1 that it"):
        find_cells(tmp_path)


def write_labels(folder, rows):
    (folder / "labels.csv").write_text("\n".join(["file,class,cell,case,turned", *rows]))


def test_a_table_of_some_images_doesnt_hide_the_others_of_their_cells(tmp_path):
    names = [f"case 7/cell {cell}/{one}.png" for cell in (1, 2) for one in range(3)]
    put_names(tmp_path, [*names, "case 7/cell 1/3.dcm"])
    before = find_cells(tmp_path)
    write_labels(tmp_path, [f"{name},7,Cell 1,case 7,true" for name in names[:2]])
    after = find_cells(tmp_path)
    assert after.cells == before.cells
    assert after.cells[0].left_out, "a cell with another picture is not complete"
    assert "; labels.csv is not used, because the folders define the same cells" in after.sentence
    assert [len(cell.files) for cell in recognize_layout(tmp_path).cells] == [2]
    # It makes no difference whether all images are listed.
    write_labels(tmp_path, [f"{name},7,{name[7:13]},case 7,true" for name in names])
    assert find_cells(tmp_path).cells == before.cells


def test_a_table_of_one_cell_may_lie_among_its_images(tmp_path):
    cell = put_names(tmp_path / "cell 1", ["a.png", "b.png", "c.png"])
    write_labels(cell, ["a.png,7,cell 1,,", "b.png,X,cell 1,,false"])
    (found,) = find_cells(cell).cells
    assert (found.name, found.names) == ("cell 1", ("a.png", "b.png", "c.png"))


@pytest.mark.parametrize(
    "row", ["cell 1/a.png,7,cell 1,P1,", "cell 1/a.png,7,cell 9,,", "stray.png,7,cell 1,,"]
)
def test_a_table_of_other_cells_decides(tmp_path, row):
    put_names(tmp_path, ["cell 1/a.png", "cell 1/b.png", "cell 2/a.png", "stray.png"])
    write_labels(tmp_path, [row])
    layout = recognize_cells(tmp_path)
    assert (layout.kind, len(layout.cells)) == ("table", 1)
    assert layout == recognize_layout(tmp_path)
    with pytest.raises(ValueError, match=r"got 3 that it doesn't list, such as `cell 1/"):
        find_cells(tmp_path)


def test_a_table_decides_where_names_of_folders_differ_by_capitals_only(tmp_path):
    names = ["Cell 1/a.png", "cell 1/b.png"]
    put_names(tmp_path, names)
    write_labels(tmp_path, [f"{name},7,cell 1,," for name in names])
    assert [len(cell.files) for cell in find_cells(tmp_path).cells] == [2]


def test_a_table_decides_where_the_folders_may_be_read_in_two_ways(tmp_path):
    names = [f"{folder}/{one}.png" for folder in ("7", "8") for one in range(9)]
    put_names(tmp_path, names)
    with pytest.raises(ValueError, match="may be the cell named 7 or the class 7"):
        find_cells(tmp_path)
    write_labels(tmp_path, [f"{name},X,{name[0]},," for name in names])
    found = find_cells(tmp_path)
    assert [one.name for one in found.cells] == ["7", "8"]
    assert "(as labels.csv says)" in found.sentence


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1.png,1,", "its cell is unknown: the file must be in `<cell>/`"),
        ("7/2.png,7,", "its cell is unknown"),
        (
            "c/3.png,1,",
            "there is no such file; delete this row, or export the labels again",
        ),
        ("../x.png,1,c", "the file must be in the folder of the table"),
        (r"\x.png,1,c", "the file must be in the folder of the table"),
        ("c/1.png,1,\nc\\1.png,1,", r"line 3 \(c\\\\1.png\): the file is in the table twice"),
        ("c/notes.txt,1,", r"the file is left out \(no image: .txt\)"),
        (".trash/1.png,1,c", r"the file is left out \(hidden or system files\)"),
        ("", "must list images, got none"),
    ],
)
def test_rows_that_cannot_be_used_are_explained(tmp_path, row, message):
    put_names(tmp_path, ["1.png", "7/2.png", "c/1.png", "c/notes.txt", ".trash/1.png"])
    (tmp_path / "labels.csv").write_text(f"file,class,cell\n{row}\n")
    with pytest.raises(ValueError, match=message):
        recognize_layout(tmp_path)


def test_a_row_of_a_file_elsewhere_is_explained_to_who_only_karyotypes(tmp_path):
    put_names(tmp_path, ["1.png", "c/1.png"])
    (tmp_path / "labels.csv").write_text("file,class,cell\n\\x.png,1,c\n")
    with pytest.raises(ValueError, match="the file must be in the folder of the table"):
        recognize_cells(tmp_path)


MERGED = [("c1", "P1"), ("c2", "P1"), ("c3", "P2")]


@pytest.mark.parametrize("flat", [False, True])
def test_a_case_in_the_first_row_of_each_cell_only_is_refused(tmp_path, flat):
    names = [f"{cell}/{one}.png" for cell, _ in MERGED for one in range(1, 4)]
    names = [name.replace("/", " ") for name in names] if flat else names
    put_names(tmp_path, names)
    cases = dict(MERGED)
    rows = [f"{name},7,{name[:2] * flat},{cases[name[:2]] * ('1.' in name)}," for name in names]
    write_labels(tmp_path, rows)
    for recognize in (recognize_layout, recognize_cells):
        with pytest.raises(ValueError) as error:
            recognize(tmp_path)
        assert "got 3 problems" in str(error.value)
        assert (
            f"labels.csv line 3 ({names[1]}) and 1 more: `case` is empty, but labels.csv line 2 "
            f"({names[0]}) of the same folder says 'P1'; fill in `case` in every row"
        ) in str(error.value)


def test_a_case_in_the_first_row_only_is_refused_where_folders_say_another(tmp_path):
    names = [f"P1/c1/{one}.png" for one in range(1, 4)]
    put_names(tmp_path, names)
    write_labels(tmp_path, [f"{name},7,,{'Patient 1' * ('/1.' in name)}," for name in names])
    with pytest.raises(ValueError, match="fill in `case` in every row"):
        recognize_layout(tmp_path)


def test_a_cell_in_its_first_row_only_is_refused(tmp_path):
    put_names(tmp_path, [f"img/{one}.png" for one in range(6)])
    write_labels(
        tmp_path, [f"img/{one}.png,7,{'' if one % 3 else f'c{one // 3}'}," for one in range(6)]
    )
    with pytest.raises(ValueError) as error:
        recognize_layout(tmp_path)
    assert "got 1 problem;" in str(error.value)
    assert (
        "line 3 (img/1.png) and 3 more: `cell` is empty, but labels.csv line 2 (img/0.png) of the "
        "same folder says 'c0'; fill in `cell` in every row"
    ) in str(error.value)


def test_an_empty_case_or_cell_that_changes_nothing_is_no_gap(tmp_path):
    put_names(tmp_path, [f"P1/c1/{one}.png" for one in range(4)])
    write_labels(tmp_path, ["P1/c1/0.png,7,,P1,", "P1/c1/1.png,7,,,", "P1/c1/2.png,7,c1,P1,"])
    assert [(cell.name, len(cell.files)) for cell in recognize_layout(tmp_path).cells] == [
        ("P1/c1", 3)
    ]
    write_labels(tmp_path, ["P1/c1/0.png,7,C1,P1,", "P1/c1/1.png,7,,,"])
    with pytest.raises(ValueError, match="fill in `cell` in every row"):
        recognize_layout(tmp_path)


def test_a_table_that_is_not_used_may_be_stale(tmp_path):
    names = [f"case 7/cell {cell}/{one}.png" for cell in (1, 2) for one in range(3)]
    lab = put_names(tmp_path / "lab", names)
    write_labels(lab, [f"{name},7,Cell {name[12]},case 7,true" for name in names])
    (lab / names[0]).unlink()
    found = find_cells(lab)
    assert [len(cell.files) for cell in found.cells] == [2, 3]
    assert found.sentence.endswith(
        "; labels.csv is not used, because the folders define the same cells; rows of labels.csv "
        "whose files aren't there: 1"
    )
    # A folder that is empty now is none of a cell.
    for name in names[:3]:
        (lab / name).unlink(missing_ok=True)
    assert [len(cell.files) for cell in find_cells(lab).cells] == [3]
    put_names(lab, names[1:3])
    (lab / "case 7" / "cell 2").rename(lab / "case 7" / "cell 3")
    found = find_cells(lab)
    assert [cell.name for cell in found.cells] == ["case 7/cell 1", "case 7/cell 3"]
    assert "; rows of labels.csv whose files aren't there: 4" in found.sentence
    (lab / "case 7").rename(lab / "case 8")
    assert [cell.name for cell in find_cells(lab).cells] == ["case 8/cell 1", "case 8/cell 3"]
    # A network is trained on what the table lists.
    with pytest.raises(ValueError, match=r"got 6 problems.*\n.*: there is no such file; delete th"):
        recognize_layout(lab)


def test_a_stale_table_of_one_cell_among_its_images_is_not_used(tmp_path):
    cell = put_names(tmp_path / "cell 1", ["a.png", "b.png"])
    write_labels(cell, ["a.png,7,cell 1,,", "c.png,X,cell 1,,false"])
    assert [one.names for one in find_cells(cell).cells] == [("a.png", "b.png")]


@pytest.mark.parametrize("row", ["img/c.png,7,c2,,", "img/c.png,7,img,P1,", "c.png,7,c2,,"])
def test_a_stale_row_of_a_cell_that_the_folders_dont_say_is_refused(tmp_path, row):
    put_names(tmp_path, ["img/a.png", "img/b.png"])
    write_labels(tmp_path, ["img/a.png,7,img,,", "img/b.png,7,img,,", row])
    with pytest.raises(ValueError, match=r"line 4 .*: there is no such file; delete this row, or"):
        find_cells(tmp_path)


def test_a_stale_table_of_other_cells_is_refused_as_a_whole(tmp_path):
    put_names(tmp_path, ["img/a.png", "img/b.png"])
    write_labels(tmp_path, ["img/a.png,7,c1,,", "img/b.png,7,c2,,", "img/c.png,7,,,"])
    with pytest.raises(ValueError, match="there is no such file; delete this row"):
        find_cells(tmp_path)


@pytest.mark.parametrize(
    "copy", ["labels (1).csv", "Labels(2).CSV", "labels-3.csv", "labels 2.csv"]
)
def test_a_numbered_copy_beside_a_table_that_decides_is_refused(tmp_path, copy):
    names = ["img/a.png", "img/b.png"]
    put_names(tmp_path, [*names, copy])
    write_labels(tmp_path, [f"{name},7,img,," for name in names])
    with pytest.raises(ValueError) as error:
        recognize_layout(tmp_path)
    assert f"must hold one table, got `labels.csv`, `{copy}`, of which one may" in str(error.value)
    assert str(error.value).endswith("; keep the right one as `labels.csv`.")
    # Where the folders say the cells, neither is read.
    assert [cell.name for cell in find_cells(tmp_path).cells] == ["img"]
    write_labels(tmp_path, [f"{name},7,c,," for name in names])
    with pytest.raises(ValueError, match="must hold one table"):
        find_cells(tmp_path)


def test_other_tables_beside_the_table_are_allowed(tmp_path):
    put_names(tmp_path, ["img/a.png", "labels.xlsx", "labels_old.csv", "img/labels (1).csv"])
    write_labels(tmp_path, ["img/a.png,7,img,,"])
    assert len(recognize_layout(tmp_path).cells) == 1


def test_many_unlisted_images_are_one_line(tmp_path):
    names = [f"img/{one}.png" for one in range(9)]
    put_names(tmp_path, [*names, "notes.txt"])
    write_labels(tmp_path, ["img/0.png,7,c,,"])
    assert recognize_layout(tmp_path).left_out_lines == (
        "left out: notes.txt: no image: .txt",
        "left out: 8 images: not in labels.csv (`img/1.png`, `img/2.png`, `img/3.png`, ...)",
    )
