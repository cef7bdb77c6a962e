"""The documented schema holds for what the program writes."""

from __future__ import annotations

import json

import jsonschema
import pytest

from superxception_jax.karyotyping.folders import find_cells
from tests.karyotyping.small_batch import run, write_images
from tests.paths import REPOSITORY

SCHEMA = json.loads((REPOSITORY / "docs" / "schemas" / "karyotype.schema.json").read_text())


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
