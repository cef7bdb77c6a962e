from __future__ import annotations

import os
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.data.file_names import (
    folded_text,
    folders_for,
    is_result,
    is_service,
    name_order,
    same_text,
    shown_name,
    shown_path,
)
from tests.paths import REPOSITORY

# As names come from disk: any bytes, those that are not UTF-8 as surrogates.
NAMES = st.binary(min_size=1, max_size=12).map(os.fsdecode)


@given(NAMES)
def test_every_name_is_shown_in_one_line_that_every_output_holds(name):
    shown = shown_name(name)
    shown.encode("utf-8")
    assert len(f"{shown}x".splitlines()) == 1
    assert not any(unicodedata.category(one) in ("Cc", "Cf") for one in shown)


@given(NAMES, NAMES)
def test_different_names_stay_different(one, other):
    assert (shown_name(one) == shown_name(other)) == (one == other)


def test_paths_are_shown_with_slashes_on_every_system():
    assert shown_path(PureWindowsPath(r"C:\lab\cell 1")) == "C:/lab/cell 1"
    assert shown_path(PureWindowsPath(r"\\server\share\lab")) == "//server/share/lab"
    assert shown_path(PurePosixPath("lab/a\\b")) == r"lab/a\\b"


def test_no_message_shows_the_backslashes_of_a_path_twice():
    sources = (REPOSITORY / "superxception_jax").rglob("*.py")
    assert not [one for one in sources if "shown_name(str(" in one.read_text("utf-8")]


def test_names_by_hand():
    assert shown_name("cell 7/Fälle 3a.png") == "cell 7/Fälle 3a.png"
    assert shown_name(os.fsdecode(b"caf\xe9")) == "caf\\xe9"
    assert shown_name("caf\\xe9") == "caf\\\\xe9"
    # A right-to-left override would show the name turned round.
    assert shown_name("a\u202egnp.exe") == "a\\u202egnp.exe"


@given(st.text(max_size=8))
def test_both_forms_of_an_accent_are_the_same_text(text):
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    assert len({same_text(form) for form in forms}) == 1
    assert len({folded_text(form) for form in forms}) == 1


def test_names_sort_as_people_count():
    names = ["cell 10", "cell 9", "cell 09", "Zelle", "é2", "e\u030110", "e\u03011"]
    ordered = sorted(names, key=name_order)
    assert ordered.index("cell 9") < ordered.index("cell 10")
    assert ordered[-3:] == ["e\u03011", "é2", "e\u030110"]


SERVICE = (
    ".ipynb_checkpoints .thumbnails .DS_Store ._1a.png .~lock.labels.csv# @eaDir __MACOSX "
    "$RECYCLE.BIN Thumbs.db thumbs.DB desktop.ini lost+found ~$labels.xlsx #recycle"
)


@pytest.mark.parametrize("name", SERVICE.split())
def test_names_of_the_system_are_no_data(name):
    assert is_service(name)


@pytest.mark.parametrize("name", ["cell 1", "7", "eaDir", "MACOSX", "3a.png", "trash 1a.png"])
def test_other_names_may_be_data(name):
    assert not is_service(name)


def test_results_are_no_input():
    for name in ("karyogram.png", "Karyogram.PDF", "karyotype.json", "report.html"):
        assert is_result(name)
    assert not is_result("karyogram 3a.png")


def test_folders_of_results_are_apart_and_safe():
    names = ["batch 1.1", "batch 1.2", "case 7/cell 1", "Case 7/cell 1", "../../etc", "a/.", "CON"]
    found = folders_for([*names, "nul.x", "x:y", "x?y", "karyotype.json", "/abs"])
    assert [str(path) for path in found.values()] == [
        "batch 1.1",
        "batch 1.2",
        "case 7/cell 1",
        "Case 7/cell 1 (2)",
        "_/_/etc",
        "a/_",
        "CON_",
        "nul.x_",
        "x_y",
        "x_y (2)",
        "karyotype.json_",
        "_/abs",
    ]


@given(st.lists(NAMES.map(shown_name), unique=True, max_size=6))
def test_no_two_folders_are_one(names):
    paths = list(folders_for(names).values())
    assert len({folded_text(str(path)) for path in paths}) == len(names)
    assert not any(path.is_absolute() or ".." in path.parts for path in paths)
