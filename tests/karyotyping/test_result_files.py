from __future__ import annotations

import hashlib
import itertools
import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.karyotyping.export import DRAFT_NOTE
from superxception_jax.karyotyping.report.page import write_html_report
from superxception_jax.karyotyping.result_files import (
    CASES_FILE,
    CELL_FILES,
    JSON_FILE,
    REPORT_FILE,
    STATE_FILE,
    check_out,
    folder_names,
    remove_report,
    remove_results,
    remove_unfinished,
    replacing_results,
)
from superxception_jax.system import Stopped
from tests.karyotyping.report.samples import sample_karyotype

# Equal but for capitals, and their digests begin with the same six digits.
ALIKE = ["abCdEfgHiJKlmn", "aBcdEFghijKLMN"]


def write_results(out, name, *, cell, text="x"):
    with replacing_results(out, name, cell=cell) as folder:
        for one in CELL_FILES:
            (folder / one).write_text(text)
        (folder / JSON_FILE).write_text(json.dumps({"cell": cell, "note": DRAFT_NOTE}))


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def keys_of(names):
    return {unicodedata.normalize("NFC", name.casefold()) for name in names}


def test_names_that_can_stay_as_they_are_do():
    cells = ["cell 1", "batch 1.1", "batch 1.2", "Zelle ä", "7", "scan (2)"]
    assert folder_names(cells) == cells


def test_a_case_and_its_cell_are_one_folder():
    first, second = folder_names(["case 7/cell 1", "case 8/cell 1"])
    assert (first, second) == ("case 7 - cell 1", "case 8 - cell 1")


@pytest.mark.parametrize(
    "cells",
    [
        ["cell", "Cell", "CELL"],
        ["caf\u00e9", "cafe\u0301"],
        ["a:b", "a?b", "a*b"],
        ["case 7/cell 1", "case 7 - cell 1"],
        ["a", "a.", "a ", ".a"],
        ["report.html", "REPORT.HTML"],
        ["cases.csv", "state.json", "Cases.csv"],
        ["A", "a", "A-559aea"],
        ALIKE,
        [*ALIKE, f"{ALIKE[0]}-{hashlib.sha256(ALIKE[0].encode()).hexdigest()}"],
        ["..", ".", "cell"],
        ["x" * 300, "x" * 301],
        ["stra\u00dfe", "strasse"],
    ],
)
def test_names_that_some_file_system_confuses_get_folders_of_their_own(cells):
    found = folder_names(cells)
    assert len(keys_of(found)) == len(cells)
    assert not {REPORT_FILE, CASES_FILE, STATE_FILE} & keys_of(found)
    # The same again in another order.
    assert folder_names(cells[::-1]) == found[::-1]


@pytest.mark.parametrize("cell", ["con", "NUL", "com1.x", "a/../b", "..", "a\nb", "x" * 300, "*"])
def test_no_name_leaves_the_folder_or_is_a_device(cell):
    (name,) = folder_names([cell])
    assert Path(name).name == name
    assert not name.startswith(".")
    assert name.upper() not in ("CON", "NUL")
    assert not name.upper().startswith("COM1.")
    assert len(name.encode()) < 200
    assert "\n" not in name


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8, unique=True))
@settings(max_examples=200, deadline=None)
def test_any_names_get_distinct_folders(cells):
    found = folder_names(cells)
    assert len(keys_of(found)) == len(cells)
    assert all(Path(name).name == name and name for name in found)


def test_the_number_of_another_cell_is_no_name():
    first, _, third = folder_names(["A", "a", "A-559aea"])
    assert first == folder_names(["A", "a"])[0] == "A-559aea"
    assert third == "A-559aea-915157"


def test_results_are_replaced_and_other_files_stay(tmp_path):
    write_results(tmp_path, "a", cell="a", text="old")
    (tmp_path / "a" / "notes.txt").write_text("by hand")
    write_results(tmp_path, "a", cell="a", text="new")
    assert names_in(tmp_path / "a") == sorted([*CELL_FILES, "notes.txt"])
    assert (tmp_path / "a" / "assignments.csv").read_text() == "new"
    assert names_in(tmp_path) == ["a"]


def test_a_failure_keeps_what_was_there(tmp_path):
    write_results(tmp_path, "a", cell="a", text="old")
    with (
        pytest.raises(FileNotFoundError),
        replacing_results(tmp_path, "a", cell="a") as folder,
    ):
        (folder / "half" / JSON_FILE).write_text("there is no such folder")
    assert (tmp_path / "a" / "assignments.csv").read_text() == "old"
    assert names_in(tmp_path) == ["a"]


# Six earlier files go, and as many new ones come.
@pytest.mark.parametrize("number", [1, 2, 6, 7, 9, 12])
@pytest.mark.parametrize("stop", [Stopped("SIGINT"), PermissionError("it is open")])
@pytest.mark.parametrize("moved", [False, True], ids=["before", "after"])
def test_a_stop_while_results_are_replaced_keeps_the_earlier_ones(
    tmp_path, monkeypatch, number, stop, moved
):
    write_results(tmp_path, "a", cell="a", text="old")
    before = {file.name: file.read_bytes() for file in (tmp_path / "a").iterdir()}
    calls, replace = [], os.replace

    def stopping(source, target):
        calls.append(source)
        if moved or len(calls) != number:
            replace(source, target)
        if len(calls) == number:
            raise stop

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", stopping)
        with pytest.raises(type(stop)):
            write_results(tmp_path, "a", cell="a", text="new")
    assert {file.name: file.read_bytes() for file in (tmp_path / "a").iterdir()} == before
    assert names_in(tmp_path) == ["a"]


def fail_to_replace(out, monkeypatch, *, is_refused):
    """Write new results where some moves of files are refused, by their number from 1."""
    moves, replace = itertools.count(1), os.replace

    def refusing(source, target):
        if is_refused(next(moves)):
            raise PermissionError("it is open")
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refusing)
        with pytest.raises(PermissionError):
            write_results(out, "a", cell="a", text="new")


@pytest.mark.parametrize("refused", range(10, 16))
def test_a_file_that_cannot_be_moved_back_costs_no_other(tmp_path, monkeypatch, refused):
    """As when another program opens a new file as soon as it is there."""
    write_results(tmp_path, "a", cell="a", text="old")
    fail_to_replace(tmp_path, monkeypatch, is_refused=lambda move: move in (9, refused))
    kept = [file.read_text() for file in (tmp_path / "a").iterdir()]
    # All but one, and that one of which a new one could not be moved back.
    assert kept.count("old") >= len(CELL_FILES) - 2


def test_a_name_that_stays_refused_costs_no_results(tmp_path, monkeypatch):
    """As that of a folder that a network share has not removed yet."""
    write_results(tmp_path, "a", cell="a", text="old")
    removed, remove, make = set(), os.rmdir, os.mkdir

    def note(path, **settings):
        remove(path, **settings)
        removed.add(Path(path))

    def refuse(path, *arguments, **settings):
        if Path(path) in removed:
            raise PermissionError("it is being removed")
        make(path, *arguments, **settings)

    monkeypatch.setattr(os, "rmdir", note)
    monkeypatch.setattr(os, "mkdir", refuse)
    write_results(tmp_path, "a", cell="a", text="new")
    assert (tmp_path / "a" / "assignments.csv").read_text() == "new"
    assert names_in(tmp_path) == ["a"]


@pytest.mark.parametrize("moved", [3, 9])
def test_results_that_cannot_be_moved_back_are_never_removed(tmp_path, monkeypatch, moved):
    """As where a network share drops out."""
    write_results(tmp_path, "a", cell="a", text="old")
    fail_to_replace(tmp_path, monkeypatch, is_refused=lambda move: move > moved)
    remove_unfinished(tmp_path)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    kept = [file.name for file in files if file.read_text() == "old"]
    assert {name.rpartition("-")[2] for name in kept} == set(CELL_FILES) - {JSON_FILE}
    # A later run is not held up by them.
    write_results(tmp_path, "a", cell="a", text="new")
    assert (tmp_path / "a" / "assignments.csv").read_text() == "new"


def test_results_under_an_earlier_folder_name_go(tmp_path):
    pair = folder_names(["A", "a"])
    for name, cell in zip(pair, ["A", "a"], strict=True):
        write_results(tmp_path, name, cell=cell)
    assert folder_names(["A"]) == ["A"]
    write_results(tmp_path, "A", cell="A")
    assert names_in(tmp_path) == sorted(["A", pair[1]])


def test_files_of_others_are_neither_replaced_nor_removed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "karyogram.png").write_text("by another program")
    with (
        pytest.raises(ValueError, match=r"`--out` must not hold files of other programs"),
        replacing_results(tmp_path, "a", cell="a"),
    ):
        pass
    remove_results(tmp_path, "a")
    assert (tmp_path / "a" / "karyogram.png").read_text() == "by another program"
    (tmp_path / "a" / JSON_FILE).write_text('{"cell": "a"}')
    remove_results(tmp_path, "a")
    assert names_in(tmp_path / "a") == ["karyogram.png", JSON_FILE]
    remove_results(tmp_path, "never written")


@pytest.mark.parametrize(
    ("images", "out"),
    [
        ("lab", "lab"),
        ("lab", "lab/out"),
        ("lab/cell 1", "lab"),
        ("lab", "lab/cell 1"),
        ("lab", "."),
        ("lab/cell 1/0.png", "lab/cell 1"),
        ("lab", "lab/../lab/x"),
        ("linked", "lab/out"),
        ("lab", "linked"),
    ],
)
def test_results_among_the_images_are_refused(tmp_path, images, out):
    (tmp_path / "lab" / "cell 1").mkdir(parents=True)
    (tmp_path / "lab" / "cell 1" / "0.png").write_bytes(b"")
    (tmp_path / "linked").symlink_to(tmp_path / "lab")
    with pytest.raises(ValueError, match=r"`--out` must be a folder apart from `--images`"):
        check_out(tmp_path / out, images=tmp_path / images)
    check_out(tmp_path / "lab 2", images=tmp_path / images)
    check_out(tmp_path / "karyotypes" / "lab", images=tmp_path / images)


def test_a_report_of_another_program_is_kept(tmp_path):
    (tmp_path / "lab").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / REPORT_FILE).write_text("<title>Tests</title>")
    with pytest.raises(ValueError, match=r"`--out` must not hold a report.html of another program"):
        check_out(tmp_path / "out", images=tmp_path / "lab")
    remove_report(tmp_path / "out")
    assert (tmp_path / "out" / REPORT_FILE).exists()


def test_our_own_report_is_known(tmp_path):
    (tmp_path / "lab").mkdir()
    (tmp_path / "out").mkdir()
    write_html_report([sample_karyotype()], tmp_path / "out" / REPORT_FILE, facts={})
    check_out(tmp_path / "out", images=tmp_path / "lab")
    remove_report(tmp_path / "out")
    assert names_in(tmp_path / "out") == []
    remove_report(tmp_path / "out")


def test_folders_by_the_names_of_files_are_those_of_others(tmp_path):
    (tmp_path / "report.html.1-0123abcd.tmp").mkdir()
    remove_unfinished(tmp_path)
    (tmp_path / REPORT_FILE).mkdir()
    with pytest.raises(ValueError, match=r"must not hold a report\.html of another program"):
        check_out(tmp_path, images=Path("images"))
    assert names_in(tmp_path) == [REPORT_FILE, "report.html.1-0123abcd.tmp"]
