from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from superxception_jax.karyotyping import batch_tasks
from superxception_jax.karyotyping.folders import CellFolder, find_cells
from superxception_jax.karyotyping.result_files import CELL_FILES, REPORT_FILE
from tests.karyotyping.small_batch import CLASSIFIER, NETWORKS, contents, run, write_images

WRITTEN = sorted(set(CELL_FILES) - {"karyogram.svg"})


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
    assert found.twins == ("`a/0.png`, `c/0.png`", "`a/1.png`, `c/1.png`")
    assert found.report == tmp_path / "out" / REPORT_FILE
    values = json.loads((tmp_path / "out" / "a" / "karyotype.json").read_text())
    assert [one["name"] for one in values["chromosomes"]] == ["0.png", "1.png"]
    assert found.report is not None
    report = found.report.read_text()
    assert "uniform" in report
    assert '"images that are in several cells":"`a/0.png`, `c/0.png`; `a/1' in report
    assert '"cells that could not be karyotyped":"b: no image could be read' in report
    assert not (tmp_path / "out" / "b").exists()


@pytest.mark.parametrize("error", [MemoryError("too much"), RuntimeError("device"), KeyError("x")])
def test_an_unexpected_error_is_that_of_its_cell(tmp_path, error):
    for name in ("a", "b", "c"):
        write_images(tmp_path / "batch" / name)

    calls = []

    def load(kind):
        calls.append(kind)
        if len(calls) == 2:
            raise error
        return CLASSIFIER

    networks = dataclasses.replace(NETWORKS, load=load)
    found = run(find_cells(tmp_path / "batch").cells, tmp_path / "out", networks=networks)
    assert [one.cell for one in found.karyotypes] == ["a", "c"]
    assert found.failed == {"b": f"{type(error).__name__}: {error}"}


def test_a_cell_that_fails_keeps_no_earlier_results(tmp_path):
    batch, out = tmp_path / "batch", tmp_path / "out"
    for name in ("a", "b"):
        write_images(batch / name)
    run(find_cells(batch).cells, out)
    assert '"cell":"b"' in (out / REPORT_FILE).read_text()
    (out / "b" / "notes.txt").write_text("by hand")
    for file in (batch / "b").iterdir():
        file.write_bytes(b"damaged")
    found = run(find_cells(batch).cells, out)
    assert list(found.failed) == ["b"]
    assert [path.name for path in (out / "b").iterdir()] == ["notes.txt"]
    assert sorted(path.name for path in (out / "a").iterdir()) == WRITTEN
    assert '"cell":"b"' not in (out / REPORT_FILE).read_text()
    for file in (batch / "a").iterdir():
        file.write_bytes(b"damaged")
    found = run(find_cells(batch).cells, out)
    assert found.report is None
    assert [path.name for path in out.iterdir()] == ["b"]


def test_a_cell_whose_drawing_fails_keeps_no_earlier_results_either(tmp_path, monkeypatch):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    run(cells, tmp_path / "out")

    def fail(*arguments, **settings):
        raise OSError("No space left on device")

    monkeypatch.setattr(batch_tasks, "save_karyogram", fail)
    found = run(cells, tmp_path / "out", again=True)
    assert found.failed == {"cell": "OSError: No space left on device"}
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interruption_keeps_earlier_results(tmp_path, monkeypatch):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    run(cells, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out" / "cell").iterdir()}

    def stop(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_tasks, "save_karyogram", stop)
    with pytest.raises(KeyboardInterrupt):
        run(cells, tmp_path / "out", again=True)
    after = {path.name: path.read_bytes() for path in (tmp_path / "out" / "cell").iterdir()}
    assert after == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cell", REPORT_FILE]


def test_cells_of_one_name_are_refused(tmp_path):
    write_images(tmp_path / "cell")
    with pytest.raises(ValueError, match=r"cells must have distinct names, got \['cell'\]"):
        run(find_cells(tmp_path / "cell").cells * 2, tmp_path / "out")
    assert not (tmp_path / "out").exists()


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
    for index in range(46):
        image = (tmp_path / "batch" / "b" / f"{index}.png").read_bytes()
        (tmp_path / "batch" / "b" / f"{46 + index}.png").write_bytes(image)
    found = run(find_cells(tmp_path / "batch").cells, tmp_path / "out")
    assert [one.cell for one in found.karyotypes] == ["a"]
    (reason,) = found.failed.values()
    assert reason == (
        "92 images can't be the chromosomes of one cell (at most 88); leave a polyploid cell with "
        "more out; if they are of several cells, make one folder per cell in it, or write a table "
        "`labels.csv` with the columns file,class,cell,case"
    )
