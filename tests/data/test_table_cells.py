from __future__ import annotations

import pytest

from superxception_jax.data.folder_layout import recognize_layout
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
    with pytest.raises(ValueError, match="must list all images of the cells, got 1 that it"):
        find_cells(tmp_path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1.png,1,", "its cell is unknown: the file must be in `<cell>/`"),
        ("7/2.png,7,", "its cell is unknown"),
        ("c/3.png,1,", "there is no such file"),
        ("../x.png,1,c", "the file must be in the folder of the table"),
        ("c/1.png,1,\nc\\1.png,1,", r"line 3 \(c\\\\1.png\): the file is in the table twice"),
        ("c/notes.txt,1,", r"the file is left out \(no image: .txt\)"),
        (".trash/1.png,1,c", r"the file is left out \(hidden or of the system\)"),
        ("", "must list images, got none"),
    ],
)
def test_rows_that_cannot_be_used_are_explained(tmp_path, row, message):
    put_names(tmp_path, ["1.png", "7/2.png", "c/1.png", "c/notes.txt", ".trash/1.png"])
    (tmp_path / "labels.csv").write_text(f"file,class,cell\n{row}\n")
    with pytest.raises(ValueError, match=message):
        recognize_layout(tmp_path)
