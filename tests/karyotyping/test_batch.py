from __future__ import annotations

import csv
import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageFilter, ImageOps

from superxception_jax.karyotyping.folders import CellFolder, find_cells
from superxception_jax.karyotyping.result_files import CELL_FILES, REPORT_FILE
from tests.karyotyping.small_batch import CLASSIFIER, NETWORKS, contents, run, write_images

WRITTEN = sorted(set(CELL_FILES) - {"karyogram.svg"})


@pytest.mark.usefixtures("any_bytes")
def test_results_know_the_files_and_the_case_of_their_images(tmp_path):
    for cell in ("case 7/cell 1", "case 7/cell 2"):
        write_images(tmp_path / "batch" / cell)
    (tmp_path / "batch" / "case 7" / "cell 1" / "0.png").rename(
        tmp_path / "batch" / "case 7" / "cell 1" / os.fsdecode(b"\xe9, 1.png")
    )
    cells = find_cells(tmp_path / "batch").cells
    found = run(cells, tmp_path / "out")
    assert [(one.cell, one.case) for one in found.karyotypes] == [
        ("case 7/cell 1", "case 7"),
        ("case 7/cell 2", "case 7"),
    ]
    values = json.loads((tmp_path / "out" / "case 7 - cell 1" / "karyotype.json").read_text())
    assert values["case"] == "case 7"
    files = [one["file"] for one in values["chromosomes"]]
    assert files == ["case 7/cell 1/1.png", r"case 7/cell 1/\xe9, 1.png"]
    file = tmp_path / "batch" / "case 7" / "cell 2" / "0.png"
    (single,) = run(find_cells(file).cells, tmp_path / "single").karyotypes
    assert [(one.name, one.file) for one in single.chromosomes] == [("0.png", "0.png")]
    (memory,) = run([CellFolder("c", (file,))], tmp_path / "memory").karyotypes
    assert (memory.case, memory.chromosomes[0].file) == ("", "")


def test_a_failed_cell_does_not_stop_the_others(tmp_path):
    for name in ("a", "c"):
        write_images(tmp_path / "batch" / name)
    (tmp_path / "batch" / "b").mkdir()
    (tmp_path / "batch" / "b" / "x.png").write_bytes(b"")
    chosen: list[str] = []
    done: list[str] = []

    def load(kind):
        chosen.append(kind)
        return CLASSIFIER

    cells = find_cells(tmp_path / "batch").cells
    networks = dataclasses.replace(NETWORKS, load=load)
    found = run(cells, tmp_path / "out", networks=networks, advance=done.append)
    assert [one.cell for one in found.karyotypes] == ["a", "c"]
    assert chosen == ["dark", "dark"]
    assert done == ["a", "b", "c"]
    assert found.failed == {"b": "no image could be read; x.png: the file is empty (0 bytes)"}
    # Both cells hold the same images.
    assert found.twins == ("2 images of `a` are in `c`",)
    assert found.report == tmp_path / "out" / REPORT_FILE
    values = json.loads((tmp_path / "out" / "a" / "karyotype.json").read_text())
    assert [one["name"] for one in values["chromosomes"]] == ["0.png", "1.png"]
    assert found.report is not None
    report = found.report.read_text()
    assert "uniform" in report
    assert '"images that are in several cells":"2 images of `a` are in `c`"' in report
    assert '"cells that could not be karyotyped":"b: no image could be read' in report
    assert not (tmp_path / "out" / "b").exists()


def test_cells_of_one_name_are_refused(tmp_path):
    write_images(tmp_path / "cell")
    with pytest.raises(ValueError, match=r"cells must have distinct names, got \['cell'\]"):
        run(find_cells(tmp_path / "cell").cells * 2, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("any_bytes")
def test_names_that_are_no_text_are_written_with_escapes(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/batch/caf\xe9"))
    write_images(folder)
    (folder / "1.png").rename(os.fsdecode(os.fsencode(folder) + b"/b\xe9.png"))
    write_images(tmp_path / "batch" / "plain")
    found = run(find_cells(tmp_path / "batch").cells, tmp_path / "out")
    assert found.failed == {}
    assert {one.cell for one in found.karyotypes} == {r"caf\xe9", "plain"}
    (out,) = (path for path in (tmp_path / "out").iterdir() if path.name.startswith("caf"))
    assert out.name.isascii()
    values = json.loads((out / "karyotype.json").read_text())
    assert values["cell"] == r"caf\xe9"
    assert [one["name"] for one in values["chromosomes"]] == ["0.png", r"b\xe9.png"]
    assert r"b\xe9.png" in (out / "assignments.csv").read_text()
    assert r"caf\\xe9" in (tmp_path / "out" / REPORT_FILE).read_text()
    assert sorted(path.name for path in out.iterdir()) == WRITTEN


def test_several_processes_write_the_same_files(tmp_path):
    for name in ("a", "b", "c", "d", "e"):
        write_images(tmp_path / "batch" / name, count=1 + len(name))
    (tmp_path / "batch" / "c" / "0.png").write_bytes(b"damaged")
    cells = find_cells(tmp_path / "batch").cells
    one = run(cells, tmp_path / "one")
    done: list[str] = []
    several = run(cells, tmp_path / "several", processes=2, advance=done.append)
    assert done == ["a", "b", "c", "d", "e"]
    assert contents(tmp_path / "one") == contents(tmp_path / "several")
    assert (one.failed, one.twins) == (several.failed, several.twins)
    assert one.failed == {}
    assert [k.unread for k in several.karyotypes if k.cell == "c"] != [()]


def test_a_cell_that_is_there_twice_counts_once_in_its_case(tmp_path):
    batch, out = tmp_path / "batch", tmp_path / "out"
    for name in ("case 7/cell 1", "case 7/cell 1 - Kopie", "other/cell 1"):
        write_images(batch / name, count=46)
    # Another cell, but for one file that got into the wrong folder.
    write_images(batch / "case 7" / "cell 2", count=46, number=2)
    shutil.copy(batch / "case 7" / "cell 1" / "0.png", batch / "case 7" / "cell 2" / "0.png")
    found = run(find_cells(batch).cells, out, pictures="none")
    assert [one.withheld for one in found.karyotypes] == [""] * 4
    case, other = found.cases
    assert [one.name for one in case.analysed] == ["case 7/cell 1", "case 7/cell 2"]
    reason = "the same images as `case 7/cell 1` (46 of them)"
    assert [(one.name, one.aside) for one in case.set_aside] == [("case 7/cell 1 - Kopie", reason)]
    # What is in two cases is said, but nothing tells whose it is.
    assert [one.name for one in other.analysed] == ["other/cell 1"]
    assert found.twins == (
        "`case 7/cell 1/0.png`, `case 7/cell 1 - Kopie/0.png`, `case 7/cell 2/0.png`, "
        "`other/cell 1/0.png`",
        "45 images of `case 7/cell 1` are in `case 7/cell 1 - Kopie`, `other/cell 1`",
    )
    row, _ = csv.DictReader((out / "cases.csv").read_text(encoding="utf-8").splitlines())
    assert (row["cells_counted"], row["cells_analysed"]) == ("3", "2")
    assert f"case 7/cell 1 - Kopie: set aside: {reason}" in row["review_first"]
    values = json.loads((out / "case case 7" / "case.json").read_text())
    assert values["cells"]["set_aside"] == [{"cell": "case 7/cell 1 - Kopie", "reason": reason}]
    assert reason in (out / REPORT_FILE).read_text()


@pytest.mark.parametrize("copy", ["sharpened", "enlarged", "framed"])
def test_a_processed_copy_of_a_cell_does_not_count(tmp_path, copy):
    batch, out = tmp_path / "batch", tmp_path / "out"
    for number in (0, 2):
        write_images(batch / "case 7" / f"cell {number}", count=46, number=number)
    (batch / "case 7" / "copy").mkdir()
    for file in (batch / "case 7" / "cell 0").iterdir():
        with Image.open(file) as image:
            if copy == "sharpened":
                image.filter(ImageFilter.UnsharpMask(2, 150, 0)).save(
                    batch / "case 7" / "copy" / file.name
                )
            elif copy == "enlarged":
                image.resize((2 * image.width, 2 * image.height)).save(
                    batch / "case 7" / "copy" / f"{file.stem}.jpg", quality=85
                )
            else:
                ImageOps.expand(image, 9).save(batch / "case 7" / "copy" / file.name)
    (case,) = run(find_cells(batch).cells, out, pictures="none").cases
    (aside,) = case.set_aside
    assert aside.name == "case 7/copy"
    assert aside.aside.startswith("the same images as `case 7/cell 0` (")
    found = run(find_cells(batch).cells, out, pictures="none")
    assert (found.kept, found.cases[0].set_aside) == (3, (aside,))
    (line,) = found.twins
    assert line.endswith(" images of `case 7/cell 0` are in `case 7/copy` in altered form")


def test_results_of_cells_that_are_gone_are_named_and_stay(tmp_path):
    batch, out = tmp_path / "batch", tmp_path / "out"
    for name in ("case 7/cell 1", "case 7/cell 2", "case 8/cell 1"):
        write_images(batch / name)
    assert run(find_cells(batch).cells, out).others == ()
    (out / "notes").mkdir()
    (out / "notes" / "case.json").write_text('{"note": "mine"}')
    (batch / "case 7" / "cell 2").rename(batch / "case 7" / "cell 3")
    (batch / "case 8").rename(batch / "case 9")
    others = ("case 7 - cell 2", "case 8 - cell 1", "case case 8")
    for _ in range(2):
        assert run(find_cells(batch).cells, out).others == others
    assert all((out / name).is_dir() for name in others)
    # A cell that fails is still there.
    for file in (batch / "case 9" / "cell 1").iterdir():
        file.write_bytes(b"damaged")
    assert run(find_cells(batch).cells, out).others == others


def test_svg_is_drawn_on_request_and_pictures_can_be_left_out(tmp_path):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    written = {}
    for pictures in ("svg", "png", "none"):
        run(cells, tmp_path / "out", pictures=pictures)
        written[pictures] = sorted(path.name for path in (tmp_path / "out" / "cell").iterdir())
    assert written["svg"] == sorted(CELL_FILES)
    assert written["png"] == WRITTEN
    assert written["none"] == sorted(set(WRITTEN) - {"karyogram.png"})


def test_a_folder_of_two_cells_costs_only_itself(tmp_path):
    write_images(tmp_path / "batch" / "a", count=4)
    write_images(tmp_path / "batch" / "b", count=46)
    for index in range(47):
        image = (tmp_path / "batch" / "b" / f"{index % 46}.png").read_bytes()
        (tmp_path / "batch" / "b" / f"{46 + index}.png").write_bytes(image)
    found = run(find_cells(tmp_path / "batch").cells, tmp_path / "out")
    assert [one.cell for one in found.karyotypes] == ["a"]
    (reason,) = found.failed.values()
    assert reason == (
        "93 images can't be the chromosomes of one cell (at most 92); remove the cell if it is "
        "polyploid; if the images are of several cells, make one folder per cell in it, or write "
        "a table `labels.csv` with the columns file,class,cell,case"
    )
