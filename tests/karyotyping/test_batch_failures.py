"""Cells that fail, disks that are full, and what stays of earlier results."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
from pathlib import Path

import pytest

from superxception_jax.karyotyping import batch, batch_tasks, result_files
from superxception_jax.karyotyping.folders import find_cells
from superxception_jax.karyotyping.result_files import CELL_FILES, REPORT_FILE
from tests.karyotyping.small_batch import CLASSIFIER, NETWORKS, contents, run, write_images

WRITTEN = sorted(set(CELL_FILES) - {"karyogram.svg"})


@pytest.mark.parametrize("error", [RuntimeError("device"), KeyError("x")])
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
        raise RuntimeError("no such font")

    monkeypatch.setattr(batch_tasks, "save_karyogram", fail)
    found = run(cells, tmp_path / "out", again=True)
    assert found.failed == {"cell": "RuntimeError: no such font"}
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_ends_the_batch_and_loses_nothing(tmp_path, monkeypatch):
    out = tmp_path / "out"
    for name in ("a", "b", "c"):
        write_images(tmp_path / "batch" / name)
    cells = find_cells(tmp_path / "batch").cells
    run(cells, out)
    before = contents(out)
    save = batch_tasks.save_karyogram
    tried: list[Path] = []

    def fill(*arguments, stem, **settings):
        tried.append(stem)
        if len(tried) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(*arguments, stem=stem, **settings)

    monkeypatch.setattr(batch_tasks, "save_karyogram", fill)
    with pytest.raises(OSError, match="No space left on device"):
        run(cells, out, again=True)
    assert len(tried) == 2, "no other cell is tried"
    assert contents(out) == before


def test_an_error_of_a_name_is_that_of_its_cell(tmp_path):
    for name in ("a", "b"):
        write_images(tmp_path / "batch" / name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("a file")
    found = run(find_cells(tmp_path / "batch").cells, tmp_path / "out")
    assert [one.cell for one in found.karyotypes] == ["b"]
    assert found.failed["a"].startswith("FileExistsError: File exists: 'a'")
    assert str(tmp_path) not in found.failed["a"], "results name no folder of the laboratory"
    assert (tmp_path / "out" / "a").read_text() == "a file"


def test_a_path_that_is_too_long_is_an_error_of_its_cell(tmp_path, monkeypatch):
    for name in ("a", "b"):
        write_images(tmp_path / "batch" / name)
    cells, make = find_cells(tmp_path / "batch").cells, os.mkdir

    def refuse(path, *arguments, **settings):
        # As Windows does.
        if Path(path).name == "a":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        make(path, *arguments, **settings)

    with monkeypatch.context() as patched:
        patched.setattr(os, "mkdir", refuse)
        found = run(cells, tmp_path / "out")
    assert [one.cell for one in found.karyotypes] == ["b"]
    assert found.report is not None
    assert "too long for this system; choose a shorter `--out`" in found.failed["a"]
    assert run(cells, tmp_path / "out").kept == 1

    def remove(*_, stem, **__):
        (tmp_path / "out").rename(tmp_path / "away")
        stem.touch()

    # Without the folder of all results, no cell can be written.
    monkeypatch.setattr(batch_tasks, "save_karyogram", remove)
    with pytest.raises(FileNotFoundError):
        run(cells, tmp_path / "out", again=True)


def test_a_file_of_results_that_another_program_holds_is_an_error_of_its_cell(
    tmp_path, monkeypatch
):
    for name in ("a", "b"):
        write_images(tmp_path / "batch" / name)
    save = batch_tasks.save_karyogram

    def hold(*arguments, stem, **settings):
        if json.loads((stem.parent / "karyotype.json").read_text())["cell"] == "a":
            raise PermissionError(errno.EACCES, "Permission denied")
        save(*arguments, stem=stem, **settings)

    monkeypatch.setattr(batch_tasks, "save_karyogram", hold)
    found = run(find_cells(tmp_path / "batch").cells, tmp_path / "out")
    assert [one.cell for one in found.karyotypes] == ["b"]
    assert "Permission denied" in found.failed["a"]


@pytest.mark.parametrize("held", ["assignments.csv", "karyotype.json"])
def test_results_that_another_program_holds_stay_whole(tmp_path, monkeypatch, held):
    out = tmp_path / "out"
    write_images(tmp_path / "batch" / "a")
    cells = find_cells(tmp_path / "batch").cells
    run(cells, out)
    before = contents(out / "a")

    def refuse(act):
        def acted(path, *arguments, **settings):
            if Path(path).name == held and Path(path).parent.name == "a":
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return act(path, *arguments, **settings)

        return acted

    monkeypatch.setattr(result_files.os, "replace", refuse(os.replace))
    monkeypatch.setattr(Path, "unlink", refuse(Path.unlink))
    found = run(cells, out, again=True)
    assert found.failed["a"].endswith("; the results of the earlier run are kept")
    assert contents(out / "a") == before


def test_a_table_that_another_program_holds_costs_no_report(tmp_path, monkeypatch):
    write_images(tmp_path / "batch" / "case" / "a")

    def hold(*_):
        raise PermissionError(errno.EACCES, "Permission denied", "cases.csv")

    monkeypatch.setattr(batch, "write_cases", hold)
    with pytest.raises(PermissionError):
        run(find_cells(tmp_path / "batch").cells, tmp_path / "out")
    assert (tmp_path / "out" / REPORT_FILE).exists()


def test_files_that_cannot_be_opened_take_no_results_with_them(tmp_path):
    batch, out = tmp_path / "batch", tmp_path / "out"
    for name in ("a", "b"):
        write_images(batch / name)
    cells = find_cells(batch).cells
    run(cells, out)
    before = contents(out / "b")
    (batch / "b").rename(tmp_path / "away")
    found = run(cells, out)
    assert found.kept == 1
    assert found.failed["b"].endswith("; the results of the earlier run are kept")
    assert contents(out / "b") == before
    (tmp_path / "away").rename(batch / "b")
    assert run(cells, out).kept == 2
    # As by a network share that drops out between two runs, or during one.
    before = contents(out)
    batch.rename(tmp_path / "away")
    assert set(run(cells, out).failed) == {"a", "b"}
    assert contents(out) == before


def test_a_file_that_cannot_be_read_for_a_moment_is_read_again_next_time(tmp_path, monkeypatch):
    write_images(tmp_path / "cell", count=3)
    cells = find_cells(tmp_path / "cell").cells
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(cells, whole)
    read_bytes = Path.read_bytes
    times = []

    def read(path):
        times.append(path.name)
        if path.name == "1.png" and times.count("1.png") == 1:
            raise OSError(errno.ESTALE, "Stale file handle", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    (partly,) = run(cells, out).karyotypes
    assert partly.unread == (("1.png", "the file can't be read (Stale file handle)"),)
    assert run(cells, out).kept == 0
    assert contents(out) == contents(whole)
    assert run(cells, out).kept == 1


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("folders.decode_image", MemoryError()),
        ("batch_tasks.prepare_cell", MemoryError()),
        ("batch_tasks.prepare_cell", RuntimeError("RESOURCE_EXHAUSTED: Out of memory")),
    ],
)
def test_short_memory_takes_no_results_with_it(tmp_path, monkeypatch, place, error):
    write_images(tmp_path / "cell")
    # A file that is damaged for good says nothing about the others.
    (tmp_path / "cell" / "damaged.png").write_bytes(b"")
    cells = find_cells(tmp_path / "cell").cells
    run(cells, tmp_path / "out")
    before = contents(tmp_path / "out")

    def fail(content, **settings):
        if content == b"":
            raise ValueError("the file is empty (0 bytes)")
        raise error

    monkeypatch.setattr(f"superxception_jax.karyotyping.{place}", fail)
    found = run(cells, tmp_path / "out", again=True)
    assert "memory" in found.failed["cell"]
    assert found.failed["cell"].endswith("; the results of the earlier run are kept")
    assert contents(tmp_path / "out") == before


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
