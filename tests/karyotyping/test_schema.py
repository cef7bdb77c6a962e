"""The documented schema holds for what the program writes."""

from __future__ import annotations

import json

import jsonschema
import pytest

from superxception_jax.karyotyping.case.case_json import case_json
from superxception_jax.karyotyping.folders import find_cells
from tests.karyotyping.case.random_cases import concluded_by_python, random_case
from tests.karyotyping.small_batch import run, write_images
from tests.paths import REPOSITORY

SCHEMAS = REPOSITORY / "docs" / "schemas"
SCHEMA = json.loads((SCHEMAS / "karyotype.schema.json").read_text())
CASE_SCHEMA = json.loads((SCHEMAS / "case.schema.json").read_text())


@pytest.mark.parametrize("pictures", ["png", "none"])
@pytest.mark.parametrize("count", [2, 46])
def test_results_have_the_documented_form(tmp_path, pictures, count):
    write_images(tmp_path / "cell", count=count)
    (tmp_path / "cell" / "broken.png").write_bytes(b"no picture")
    run(find_cells(tmp_path / "cell").cells, tmp_path / "out", pictures=pictures)
    values = json.loads((tmp_path / "out" / "cell" / "karyotype.json").read_text())
    jsonschema.validate(values, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert (values["karyogram"] is None) is (pictures == "none")
    if values["karyogram"]:
        boxes = values["karyogram"]["boxes"]
        names = sorted(one["name"] for one in values["chromosomes"])
        assert sorted(one["image"] for one in boxes) == names
        for one in boxes:
            left, top, right, bottom = one["box"]
            assert 0 <= left < right <= values["karyogram"]["width_px"]
            assert 0 <= top < bottom <= values["karyogram"]["height_px"]


def test_the_schema_refuses_what_it_does_not_document(tmp_path):
    write_images(tmp_path / "cell")
    run(find_cells(tmp_path / "cell").cells, tmp_path / "out")
    values = json.loads((tmp_path / "out" / "cell" / "karyotype.json").read_text())
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for changed in (
        {**values, "new": 1},
        {**values, "margin": "3"},
        {name: value for name, value in values.items() if name != "case"},
        {**values, "counts": {**values["counts"], "X": -1}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(changed, SCHEMA)


@pytest.mark.parametrize("seed", range(12))
def test_conclusions_about_a_case_have_the_documented_form(seed):
    values = json.loads(json.dumps(case_json(concluded_by_python(*random_case(seed))[0])))
    jsonschema.validate(values, CASE_SCHEMA, cls=jsonschema.Draft202012Validator)
    widths = {len(row) for row in values["evidence"].values()}
    assert widths <= {len(values["candidates"])}


def test_the_schema_of_a_case_refuses_what_it_does_not_document():
    jsonschema.Draft202012Validator.check_schema(CASE_SCHEMA)
    values = json.loads(json.dumps(case_json(concluded_by_python(*random_case(0))[0])))
    for changed in (
        {**values, "new": 1},
        {**values, "posterior": 1.5},
        {name: value for name, value in values.items() if name != "clones"},
        {**values, "class_counts": {**values["class_counts"], "X": {"two": 3}}},
        {**values, "cells": {**values["cells"], "counted": -1}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(changed, CASE_SCHEMA)


def test_a_written_case_has_the_documented_form(tmp_path):
    for cell in ("a", "b"):
        write_images(tmp_path / "patient" / cell, count=4)
    run(find_cells(tmp_path).cells, tmp_path / "out")
    values = json.loads((tmp_path / "out" / "case patient" / "case.json").read_text())
    jsonschema.validate(values, CASE_SCHEMA, cls=jsonschema.Draft202012Validator)
    assert values["cells"]["counted"] == 2
