from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.data.folders.folder_layout import recognize_layout
from superxception_jax.karyotyping.folders import find_cells
from tests.data.image_folders import CELL, below, cells, put_names


def test_images_of_one_cell(tmp_path):
    layout = recognize_layout(put_names(tmp_path / "cell 7", CELL))
    assert cells(layout) == [("", "cell 7", 46)]
    assert layout.sentence == "cell 7: 1 cell (all images in one folder), 46 images"


def test_a_folder_per_cell(tmp_path):
    for name in ("cell 10", "cell 9"):
        put_names(tmp_path / "lab", below(name, CELL))
    put_names(tmp_path / "lab", ["overview.png", "notes.txt", ".thumbnails/1.png"])
    layout = recognize_layout(tmp_path / "lab")
    assert cells(layout) == [("", "cell 9", 46), ("", "cell 10", 46)]
    assert layout.sentence == (
        "lab: 2 cells (one folder per cell), 92 images; left out: 1 hidden or system files "
        "(`.thumbnails`), 1 no image: .txt (`notes.txt`), 1 beside folders of cells "
        "(`overview.png`)"
    )
    assert layout.left_out_lines[1] == "left out: notes.txt: no image: .txt"


def test_cells_numbered_anew_in_each_case_stay_apart(tmp_path):
    for name in ("case 7/cell 1", "case 7/cell 2", "case 8/cell 1", "cell 3"):
        put_names(tmp_path / "lab", below(name, CELL))
    layout = recognize_layout(tmp_path / "lab")
    assert cells(layout) == [
        ("case 7", "case 7/cell 1", 46),
        ("case 7", "case 7/cell 2", 46),
        ("case 8", "case 8/cell 1", 46),
        ("", "cell 3", 46),
    ]
    assert layout.sentence.startswith("lab: 4 cells in 2 cases, 1 of them without a case (one ")


def test_a_few_images_in_or_beside_a_cell_are_left_out(tmp_path):
    put_names(tmp_path, [*below("case 7/cell 1", CELL), "case 7/overview.png"])
    put_names(tmp_path, below("case 7/cell 1/metaphase", ["1.png"]))
    layout = recognize_layout(tmp_path)
    assert cells(layout) == [("case 7", "case 7/cell 1", 46)]
    assert layout.left_out_lines == (
        "left out: case 7/cell 1/metaphase: in the folder of a cell",
        "left out: case 7/overview.png: beside folders of cells",
    )


def test_a_folder_per_patient_is_no_cell(tmp_path):
    put_names(tmp_path, [f"patient 3/{index}.png" for index in range(138)])
    layout = recognize_layout(tmp_path)
    with pytest.raises(ValueError) as error:
        layout.check_cell_sizes(most=60)
    assert "`patient 3`: 138 images can't be the chromosomes of one cell (at most 60)" in str(
        error.value
    )
    assert "make one folder per cell in it, or write a table `labels.csv`" in str(error.value)
    with pytest.raises(ValueError, match="`patient 3`: 138 images can't be"):
        find_cells(tmp_path)
    rows = [f"patient 3/{index}.png,cell {index // 46},patient 3" for index in range(138)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,cell,case", *rows]))
    assert cells(recognize_layout(tmp_path))[0] == ("patient 3", "patient 3/cell 0", 46)
    assert [len(cell.files) for cell in find_cells(tmp_path).cells] == [46] * 3


def test_pooled_classes_are_no_cell(tmp_path):
    put_names(tmp_path, [f"chr{label}/{index}.png" for label in (7, 8) for index in range(20)])
    with pytest.raises(ValueError, match="20 images of class 7 can't be of one cell"):
        recognize_layout(tmp_path).check_cell_sizes(most=60)


def test_more_than_a_diploid_cell_is_said(tmp_path):
    layout = recognize_layout(put_names(tmp_path / "c", [f"{index}.png" for index in range(69)]))
    assert layout.sentence.endswith("`c` holds 69 images, more than a diploid cell")
    assert len(find_cells(tmp_path / "c").cells[0].files) == 69


def test_nothing_to_read_is_explained(tmp_path):
    put_names(tmp_path, ["c/1.gifx", "c/2.gifx", ".thumbnails/1.png"])
    with pytest.raises(
        FileNotFoundError, match=r"got none \(left out: 2 no image: .gifx, 1 hidden or sys"
    ):
        recognize_layout(tmp_path)


def test_results_inside_the_images_are_never_read(tmp_path):
    put_names(tmp_path, [*below("cell 1", CELL), *below("cell 2", CELL)])
    before = cells(recognize_layout(tmp_path))
    for out in ("cell 1", "out/cell 1", "cell 2/cell 2"):
        put_names(tmp_path, below(out, ["karyotype.json", "karyogram.png", "assignments.csv"]))
    put_names(tmp_path, ["report.html", "out/report.html"])
    assert cells(recognize_layout(tmp_path)) == before


def test_both_programs_read_the_same_cells(tmp_path):
    lab = put_names(tmp_path / "lab", [*below("case 7/cell 1", CELL), *below("case 8/a", CELL)])
    elsewhere = put_names(tmp_path / "elsewhere", CELL)
    (lab / "case 8" / "linked").symlink_to(elsewhere)
    (lab / "case 8" / "loop").symlink_to(lab)
    layout = recognize_layout(lab)
    assert cells(layout)[-1] == ("case 8", "case 8/linked", 46)
    assert "; 1 link followed; left out: 1 a link to a parent folder" in layout.sentence
    assert [(one.name, one.files) for one in find_cells(lab).cells] == [
        (cell.name, cell.files) for cell in layout.cells
    ]


@pytest.mark.usefixtures("any_bytes")
def test_names_of_any_bytes_and_both_forms_of_accents(tmp_path):
    odd = os.fsdecode(b"caf\xe9")
    forms = [unicodedata.normalize(form, "Zelle é") for form in ("NFC", "NFD")]
    for name in (odd, *forms, "batch 1.1", "batch 1.2"):
        put_names(tmp_path, below(name, CELL[:9]))
    layout = recognize_layout(tmp_path)
    assert {cell.name for cell in layout.cells} == {"caf\\xe9", *forms, "batch 1.1", "batch 1.2"}
    assert len(layout.cells[0].files[0].read_bytes()) > 0
    layout.sentence.encode("utf-8")


NAME = st.binary(min_size=1, max_size=8).map(os.fsdecode).filter(lambda n: not set(n) & set("/\0"))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(NAME.filter(lambda n: n not in (".", "..")), min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_every_image_is_read_or_listed(tmp_path_factory, folders, data):
    root = tmp_path_factory.mktemp("lab")
    written: list[Path] = []
    for folder in folders:
        for name in data.draw(st.lists(NAME, min_size=1, max_size=3, unique=True)):
            file = root / folder / f"{name}.png"
            try:
                put_names(root, [f"{folder}/{name}.png"])
            except OSError:
                continue
            written.append(file)
    try:
        layout = recognize_layout(root)
    except (ValueError, FileNotFoundError) as error:
        str(error).encode("utf-8")
        return
    read = [file for cell in layout.cells for file in cell.files]
    listed = {one.path for one in layout.left_out}
    assert len(set(read)) == len(read)
    for file in written:
        assert (file in read) != bool({file, *file.parents} & listed)
    layout.sentence.encode("utf-8")


def test_what_a_cell_may_lack_is_listed_with_the_cell(tmp_path):
    put_names(tmp_path, [*below("c1", CELL), "c1/46.nd2", "c1/notes.txt", "c1/.x.png"])
    put_names(tmp_path, [*below("c2", CELL), "c2/old/1.png", "c2/karyogram.png"])
    (tmp_path / "c1" / "47.png").symlink_to(tmp_path / "nowhere.png")
    one, other = recognize_layout(tmp_path).cells
    assert one.left_out == (("46.nd2", "no image: .nd2"), ("47.png", "a broken link"))
    assert other.left_out == (("old", "in the folder of a cell"),)
    assert find_cells(tmp_path).cells[0].left_out == one.left_out
