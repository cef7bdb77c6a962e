from __future__ import annotations

import pytest

from superxception_jax.data.folders.folder_layout import recognize_layout
from superxception_jax.karyotyping.folders import find_cells
from tests.data.image_folders import CELL, below, cells, put_names


def test_a_folder_per_class(tmp_path):
    names = [f"{label}/img {12 + copy}.png" for label in range(1, 23) for copy in range(2)]
    for folder in ("c1", "c2"):
        put_names(tmp_path / "lab", below(folder, [*names, "X/img 1.png", "Y/img 1.png"]))
    layout = recognize_layout(tmp_path / "lab")
    assert cells(layout) == [("", "c1", 46), ("", "c2", 46)]
    assert layout.cells[0].classes[:3] == ("1", "1", "2")
    assert layout.cells[0].classes[-2:] == ("X", "Y")
    assert layout.cells[0].names[0] == "1/img 12.png"
    assert "one folder per cell, and one per class" in layout.sentence
    # The same within one cell, and within cells of cases.
    assert len(recognize_layout(tmp_path / "lab" / "c1").cells[0].files) == 46
    (tmp_path / "lab").rename(tmp_path / "case 1")
    assert cells(recognize_layout(tmp_path)) == [
        ("case 1", "case 1/c1", 46),
        ("case 1", "case 1/c2", 46),
    ]


@pytest.mark.parametrize("name", ["chr{}", "clase{}", "Class {}", "chr_{}"])
def test_folders_that_say_that_they_are_classes(tmp_path, name):
    put_names(tmp_path, [f"{name.format(label)}/1.png" for label in (7, "X")])
    (cell,) = recognize_layout(tmp_path).cells
    assert cell.classes == ("7", "X")
    put_names(tmp_path, ["marker/1.png"])
    with pytest.raises(ValueError, match="either one folder per class or one per cell, got"):
        recognize_layout(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ["7/img 12.png"],
        ["9/0.png", "9/1.png", "10/0.png", "10/1.png"],
        [f"{label}/img {index}.png" for label in range(1, 23) for index in range(46)],
        [f"{label}/img {index}.png" for label in (13, 18, 21) for index in range(30)],
        [f"{label}/img {index}.png" for label in (1, "X") for index in range(20)],
    ],
)
def test_a_number_may_be_a_cell_or_a_class(tmp_path, names):
    put_names(tmp_path, names)
    first = names[0].partition("/")[0]
    message = f"`{first}/` may be the cell named {first} or the class {first}; name the folders"
    with pytest.raises(ValueError, match=message):
        recognize_layout(tmp_path)
    with pytest.raises(ValueError, match=message):
        find_cells(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        [*below("1", CELL), *below("2", CELL)],
        [*below("1", ["scan 1a.png", "scan 7b.png"]), *below("2", ["1a.png", "2a.png"])],
        [f"{cell}/scan_0{index}.png" for cell in (1, 99) for index in range(3)],
    ],
)
def test_numbers_whose_images_are_those_of_cells_are_cells(tmp_path, names):
    assert len(recognize_layout(put_names(tmp_path, names)).cells) == 2


def test_names_that_agree_with_their_folders_make_them_classes(tmp_path):
    put_names(tmp_path, ["7/scan 7a.png", "7/scan 7b.png", "8/scan 8a.png"])
    assert recognize_layout(tmp_path).cells[0].classes == ("7", "7", "8")


def test_a_folder_with_both_images_and_cells_is_refused(tmp_path):
    put_names(tmp_path, [*CELL, *below("second", CELL)])
    with pytest.raises(ValueError, match="got both: 46 images beside 46 in `second/` or deeper"):
        recognize_layout(tmp_path)


def test_parts_of_a_cell_are_no_cells(tmp_path):
    put_names(tmp_path, [*below("cell 1/left", CELL[:20]), *below("cell 1/right", CELL[20:])])
    with pytest.raises(ValueError, match=r"`.*cell 1` may be a cell whose images lie in `left/`"):
        recognize_layout(tmp_path)


@pytest.mark.parametrize("inner", ["chromosomes", "Chromosomen", "png", "roi", "{}"])
def test_a_folder_for_the_chromosomes_in_each_cell_makes_no_cases(tmp_path, inner):
    for name in ("M1", "M2", "M3"):
        put_names(tmp_path, [*below(f"{name}/{inner.format(name)}", CELL), f"{name}/all.jpg"])
    folder = inner.format("M1")
    for read in (recognize_layout, find_cells):
        with pytest.raises(ValueError) as error:
            read(tmp_path)
        assert f"M1` may be a cell whose images lie in `{folder}/` and the like, or" in str(
            error.value
        )
        assert str(error.value).endswith(
            f"; move the images of a cell from `{folder}/` into the folder above, or name the "
            "folders of the cells of a case `cell 1` and so on."
        )
    # Either remedy is enough.
    for name in ("M1", "M2", "M3"):
        (tmp_path / name / inner.format(name)).rename(tmp_path / name / "cell 1")
    assert cells(recognize_layout(tmp_path))[0] == ("M1", "M1/cell 1", 46)
    for name in ("M1", "M2", "M3"):
        for file in (tmp_path / name / "cell 1").iterdir():
            file.rename(tmp_path / name / file.name)
        (tmp_path / name / "cell 1").rmdir()
    assert cells(recognize_layout(tmp_path))[0] == ("", "M1", 47)


def test_cases_within_folders_of_their_names_are_too_deep(tmp_path):
    for name in ("P1", "P2"):
        put_names(tmp_path, below(f"{name}/{name}/cell 1", CELL))
    with pytest.raises(ValueError, match="got more levels, such as `P1/P1`"):
        recognize_layout(tmp_path)


def test_a_folder_for_the_picture_beside_that_of_the_chromosomes_makes_no_cases(tmp_path):
    for name in ("M1", "M2"):
        put_names(tmp_path, [*below(f"{name}/chromosomes", CELL), f"{name}/metaphase/all.png"])
    with pytest.raises(ValueError, match="M1` may be a cell whose images lie in `chromosomes/`"):
        recognize_layout(tmp_path)


@pytest.mark.parametrize(
    "folders",
    [
        ["P1/scan 7", "P2/scan 7"],
        ["P1/chromosomes", "P2/cell 1", "P2/cell 2"],
        ["P1/A", "P1/B", "P2/A", "P2/B"],
        ["P1/A", "P2/A", "P3/A", "P3/B"],
        ["P1/I", "P2/I", "P3/I", "P3/II"],
        ["P1/first", "P1/second", "P2/first", "P2/second"],
    ],
)
def test_cells_that_a_name_tells_apart_are_those_of_cases(tmp_path, folders):
    for folder in folders:
        put_names(tmp_path, below(folder, CELL))
    assert [cell.name for cell in recognize_layout(tmp_path).cells] == folders


@pytest.mark.parametrize(
    "names", [("MÜLLER 1", "Müller 1"), ("Mu\u0308ller 1", "Müller 1"), ("K 7", "K  7")]
)
def test_two_spellings_of_a_case_are_refused(tmp_path, names):
    for number, name in enumerate(names):
        put_names(tmp_path, below(f"{name}/cell {number}", CELL))
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("the disk takes both names for one")
    for read in (recognize_layout, find_cells):
        with pytest.raises(ValueError, match="must hold one folder per case, got `") as error:
            read(tmp_path)
        assert f"got `{names[0]}` and `{names[1]}`, which differ only" in str(error.value)
    # A table decides.
    rows = [f"{name}/cell {number}/{file}" for number, name in enumerate(names) for file in CELL]
    table = "\n".join(["file,class,case", *(f"{row},7,P" for row in rows)])
    (tmp_path / "labels.csv").write_text(table, encoding="utf-8")
    assert {cell.case for cell in recognize_layout(tmp_path).cells} == {"P"}


def test_deeper_folders_are_listed_or_refused(tmp_path):
    put_names(tmp_path, below("2024/case 7/cell 1", CELL))
    with pytest.raises(ValueError, match="got more levels, such as `2024/case 7`; give one of"):
        recognize_layout(tmp_path)
    put_names(tmp_path, below("2024/cell 5", CELL))
    layout = recognize_layout(tmp_path)
    assert cells(layout) == [("2024", "2024/cell 5", 46)]
    assert layout.left_out_lines == ("left out: 2024/case 7: too deep",)
