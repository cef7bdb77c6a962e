"""The files of cases."""

from __future__ import annotations

import csv
import json

import pytest

from superxception_jax.karyotyping.case.case_files import (
    CASES_COLUMNS,
    CASES_FILE,
    conclude_cases,
    write_cases,
)
from superxception_jax.karyotyping.export import DRAFT_NOTE
from superxception_jax.karyotyping.result_files import CASE_FILE
from tests.karyotyping.case.case_cells import karyotype_of, likelihoods_of

KEYS = {
    *("case", "formula", "note", "withheld", "order", "posterior", "alternatives", "cells"),
    *("lines", "class_counts", "clones", "single_changes", "sex", "more_cells", "review_first"),
    *("candidates", "evidence", "settings", "copies"),
}


@pytest.fixture
def cases():
    karyotypes = [
        karyotype_of(name, text, log_likelihoods=likelihoods_of(text, seed=number))
        for number, (name, text) in enumerate(
            [("7/1", "47,XX,+21"), ("7/2", "47,XX,+21"), ("8/1", "46,XY"), ("alone", "46,XX")]
        )
    ]
    return conclude_cases(
        karyotypes,
        {"7/3": "no image could be read", "9/1": "damaged"},
        case_of={"8/1": "8", "7/1": "7", "7/2": "7", "7/3": "7", "9/1": "9", "alone": ""},
    )


def test_cells_are_concluded_by_their_case(cases):
    assert [(one.name, one.formula) for one in cases] == [
        ("8", "46,XY[1]"),
        ("7", "47,XX,+21[2]"),
        ("9", ""),
    ]
    with pytest.raises(ValueError, match="`case_of` must name the case of each cell"):
        conclude_cases([], {"1": "damaged"}, case_of={})


def test_files_of_cases(cases, tmp_path):
    files = write_cases(cases, tmp_path)
    assert files[-1] == tmp_path / CASES_FILE
    values = [json.loads(path.read_text(encoding="utf-8")) for path in files[:-1]]
    assert [one["case"] for one in values] == ["8", "7", "9"]
    assert all(set(one) == KEYS and one["note"] == DRAFT_NOTE for one in values)
    trisomy = values[1]
    assert trisomy["cells"] == {
        "counted": 3,
        "analysed": 2,
        "set_aside": [{"cell": "7/3", "reason": "no image could be read"}],
    }
    assert trisomy["lines"] == [{"iscn": "47,XX,+21", "cells": ["7/1", "7/2"]}]
    assert trisomy["class_counts"]["21"] == {"3": 2}
    assert trisomy["clones"] == [{"change": "+21", "cells": ["7/1", "7/2"]}]
    assert {len(row) for row in trisomy["evidence"].values()} == {len(trisomy["candidates"])}
    text = (tmp_path / CASES_FILE).read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == list(CASES_COLUMNS)
    assert rows[2][:2] + rows[2][3:6] == ["7", "47,XX,+21[2]", "3", "2", "+21 (2)"]
    # The probability is that of the formula.
    assert [(row[1] == "", row[2] == "") for row in rows[1:]] == [
        (False, False),
        (False, False),
        (True, True),
    ]
    # Again, and then without cases.
    assert write_cases(cases, tmp_path) == files
    assert write_cases((), tmp_path) == ()
    assert not (tmp_path / CASES_FILE).exists()


@pytest.mark.parametrize("name", [CASES_FILE, f"case 7/{CASE_FILE}"])
def test_files_of_other_programs_stay(cases, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="of another program"):
        write_cases(cases, tmp_path)
    assert path.read_text(encoding="utf-8") == "{}\n"


def test_a_folder_by_the_name_of_the_table_stays(cases, tmp_path):
    (tmp_path / CASES_FILE).mkdir()
    for some in (cases, ()):
        with pytest.raises(ValueError, match=r"must not hold a cases\.csv of another program"):
            write_cases(some, tmp_path)
