"""A karyotyped cell as JSON and CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math

import numpy as np
import pytest

from superxception_jax.data.normalization.background import CellBackground
from superxception_jax.karyotyping.export import (
    CSV_COLUMNS,
    DRAFT_NOTE,
    assignments_csv,
    karyotype_json,
)
from superxception_jax.karyotyping.stain import StainVerdict
from tests.karyotyping.report.samples import sample_chromosome, sample_karyotype


def test_json_of_a_cell():
    one = sample_chromosome("a", label=20, confidence=0.9, turned=True, flags=("look",))
    cell = sample_karyotype(
        "cell 1", one, iscn="1,?", flags=("few",), unread=(("b", "two chromosomes touch"),)
    )
    values = karyotype_json(cell)
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert (values["cell"], values["iscn"], values["note"]) == ("cell 1", "1,?", DRAFT_NOTE)
    assert values["counts"]["21"] == 1
    assert sum(values["counts"].values()) == 1
    assert list(values["counts"])[-2:] == ["X", "Y"]
    assert values["unread"] == [{"name": "b", "reason": "two chromosomes touch"}]
    assert values["flags"] == ["few"]
    assert (values["set_aside"], values["withheld"]) == ([], "")
    (chromosome,) = values["chromosomes"]
    assert chromosome["class"] == "21"
    assert chromosome["confidence"] == pytest.approx(0.9)
    assert chromosome["turned"] is True
    assert chromosome["flags"] == ["look"]
    assert [p["class"] for p in chromosome["probabilities"]] == ["21", "20", "1"]
    assert chromosome["probabilities"][0]["probability"] == chromosome["confidence"]
    assert chromosome["probabilities"][0]["alone"] == pytest.approx(0.7 * 0.9 + 0.3 / 24, abs=1e-6)


def test_json_says_what_was_decided():
    cell = sample_karyotype(
        background=CellBackground("light", 0.8, 12),
        stain=StainVerdict("foreign", 0.25),
        set_aside=(("bar.png", "a scale bar"),),
        withheld="foreign stain, 1 image set aside",
        iscn="",
    )
    values = karyotype_json(cell)
    assert values["background"] == {"kind": "light", "level": 0.8, "bits": 12}
    assert values["stain"] == {"verdict": "foreign", "score": 0.25, "text": ""}
    assert values["set_aside"] == [{"name": "bar.png", "reason": "a scale bar"}]
    assert values["withheld"] == "foreign stain, 1 image set aside"
    unchecked = karyotype_json(sample_karyotype())
    assert unchecked["stain"]["verdict"] == "not checked"
    assert unchecked["stain"]["score"] is None


def test_json_says_where_the_images_are():
    one = dataclasses.replace(sample_chromosome("a"), file="case 7/cell 1/a.png")
    values = karyotype_json(sample_karyotype("case 7/cell 1", one, case="case 7"))
    assert (values["cell"], values["case"]) == ("case 7/cell 1", "case 7")
    assert [one["file"] for one in values["chromosomes"]] == ["case 7/cell 1/a.png"]
    memory = karyotype_json(sample_karyotype())
    assert (memory["case"], memory["chromosomes"][0]["file"]) == ("", "")


def test_an_orientation_that_is_not_checked_is_not_upright():
    cell = sample_karyotype("c", sample_chromosome("a", checked=False))
    (one,) = karyotype_json(cell)["chromosomes"]
    assert (one["turned"], one["turned_probability"]) == (None, None)
    (row,) = csv.DictReader(io.StringIO(assignments_csv([cell])))
    assert row["turned"] == ""


def test_equal_probabilities_are_in_class_order():
    flat = np.full(24, 1.0 / 24.0)
    one = dataclasses.replace(sample_chromosome(), marginals=flat)
    (chromosome,) = karyotype_json(sample_karyotype("c", one))["chromosomes"]
    assert [p["class"] for p in chromosome["probabilities"]] == ["1", "2", "3"]


def test_without_a_second_assignment_there_is_no_margin():
    assert karyotype_json(sample_karyotype(margin=math.inf))["margin"] is None


@pytest.mark.parametrize(
    ("cell", "error", "message"),
    [
        (sample_karyotype(margin=math.nan), ValueError, "`margin` of cell 'cell 1' must be"),
        (
            sample_karyotype("c", sample_chromosome("a"), sample_chromosome("a")),
            ValueError,
            "`name` must be unique in cell 'c', got \\['a'\\]",
        ),
        (
            sample_karyotype("c", dataclasses.replace(sample_chromosome(), length_px=math.nan)),
            ValueError,
            "numbers of image 'image 1' must be finite",
        ),
        (
            sample_karyotype("c", dataclasses.replace(sample_chromosome(), marginals=np.ones(23))),
            ValueError,
            "`marginals` must be f64\\[24\\]",
        ),
        (
            sample_karyotype(
                "c", dataclasses.replace(sample_chromosome(), marginals=np.ones(24, np.float32))
            ),
            TypeError,
            "`marginals` must be f64\\[24\\]",
        ),
    ],
)
def test_refused(cell, error, message):
    with pytest.raises(error, match=message):
        karyotype_json(cell)


def test_csv_reads_back():
    odd = sample_chromosome('a "b", c\nd', flags=("one", "two, three"), turned=True)
    text = assignments_csv([sample_karyotype("x,y", odd), sample_karyotype("z")])
    rows = list(csv.reader(io.StringIO(text)))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert rows[1] == [
        "x,y", 'a "b", c\nd', "21", "0.970000", "true", "6.00", "one; two, three",
    ]  # fmt: skip
    assert rows[2] == ["z", "image 1", "21", "0.970000", "false", "6.00", ""]
