from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

from superxception_jax.karyotyping import batch_tasks
from superxception_jax.karyotyping.batch import KaryotypedFolder, karyotype_folder
from superxception_jax.karyotyping.case.case_record import CaseSettings
from superxception_jax.karyotyping.folders import CellFolder, find_cells
from superxception_jax.karyotyping.prior import default_prior
from superxception_jax.karyotyping.result_files import CELL_FILES, REPORT_FILE
from tests.karyotyping.small_batch import CLASSIFIER, NETWORKS, SETTINGS, write_images

WRITTEN = sorted(set(CELL_FILES) - {"karyogram.svg"})


def run(
    cells, out, *, networks=NETWORKS, processes=1, advance=lambda name: None, **changes
) -> KaryotypedFolder:
    return karyotype_folder(
        cells,
        out,
        networks=networks,
        settings=dataclasses.replace(SETTINGS, **changes),
        case_settings=CaseSettings(),
        processes=processes,
        advance=advance,
    )


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


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder; the report knows when and where it was made."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


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


def watch_reading(monkeypatch) -> list[str]:
    """Return a list that gets the name of each cell whose images are read."""
    read: list[str] = []
    load_cell = batch_tasks.load_cell

    def watched(folder):
        read.append(folder.name)
        return load_cell(folder)

    monkeypatch.setattr(batch_tasks, "load_cell", watched)
    return read


def test_a_batch_goes_on_where_it_was(tmp_path, monkeypatch):
    for name in ("a", "b", "c"):
        write_images(tmp_path / "batch" / name)
    cells = find_cells(tmp_path / "batch").cells
    whole = run(cells, tmp_path / "whole")
    assert whole.kept == 0
    read = watch_reading(monkeypatch)

    def stop(name):
        if name == "b":
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(cells, out, advance=stop)
    assert read == ["a", "b"]
    assert not (out / REPORT_FILE).exists()
    found = run(cells, out)
    assert read == ["a", "b", "c"]
    assert found.kept == 2
    # As if it had not been stopped.
    assert contents(out) == contents(tmp_path / "whole")
    assert [one.cell for one in found.karyotypes] == ["a", "b", "c"]
    for one, other in zip(found.karyotypes, whole.karyotypes, strict=True):
        assert_same(one, other)
    assert (found.twins, found.failed) == (whole.twins, whole.failed)


def assert_same(one, other):
    for field in dataclasses.fields(one):
        if field.name not in ("chromosomes", "log_likelihoods"):
            assert getattr(one, field.name) == getattr(other, field.name), field.name
    np.testing.assert_array_equal(one.log_likelihoods, other.log_likelihoods)
    for first, second in zip(one.chromosomes, other.chromosomes, strict=True):
        for field in dataclasses.fields(first):
            np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({}, []),
        ({"again": True}, ["a", "b"]),
        ({"turned_share": 0.3}, ["a", "b"]),
        ({"any_stain": True}, ["a", "b"]),
        ({"pictures": "svg"}, ["a", "b"]),
        ({"straightened": True}, ["a", "b"]),
        ({"program": "another"}, ["a", "b"]),
        ({"prior": default_prior()}, ["a", "b"]),
        ({"networks": dataclasses.replace(NETWORKS, identity="another")}, ["a", "b"]),
        ({"networks": dataclasses.replace(NETWORKS, background="dark")}, ["a", "b"]),
    ],
)
def test_a_cell_is_kept_only_if_nothing_changed(tmp_path, monkeypatch, change, again):
    for name in ("a", "b"):
        write_images(tmp_path / "batch" / name)
    cells = find_cells(tmp_path / "batch").cells
    run(cells, tmp_path / "out")
    read = watch_reading(monkeypatch)
    assert run(cells, tmp_path / "out", **change).kept == 2 - len(again)
    assert read == again


@pytest.mark.parametrize("name", ["karyotype.json", "state.json", "review.js"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1"])
def test_damaged_results_are_made_again(tmp_path, name, content):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    run(cells, tmp_path / "out")
    before = contents(tmp_path / "out")
    file = tmp_path / "out" / "cell" / name
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    if name == "karyotype.json":
        # Files that this program may not have written are not replaced.
        (reason,) = run(cells, tmp_path / "out").failed.values()
        assert "must not hold files of other programs" in reason
        return
    assert run(cells, tmp_path / "out").kept == 0
    assert contents(tmp_path / "out") == before


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
