from __future__ import annotations

import dataclasses
import json

from superxception_jax.studies.scaling.case import Compiled, case_key
from tests.studies.scaling.scaling_samples import case_of, compiled_of


def test_a_result_is_read_as_it_was_written():
    compiled = compiled_of(case_of(chips=4, images=128))
    assert Compiled.from_json(json.loads(json.dumps(compiled.to_json()))) == compiled


def test_the_key_depends_on_case_program_and_versions():
    case = case_of()
    program, versions = {"model": {"input_px": 227}}, {"libtpu": "1"}
    keys = {
        case_key(case, program, versions),
        case_key(dataclasses.replace(case, accumulation_steps=4), program, versions),
        case_key(case, {"model": {"input_px": 71}}, versions),
        case_key(case, program, {"libtpu": "2"}),
    }
    assert len(keys) == 4
    assert case_key(case, dict(program), dict(versions)) in keys


def test_a_case_in_words_and_in_fields():
    case = case_of(chips=4, images=128, blocks="blocks", steps=4)
    assert case.images_per_chip == 32
    assert case.describe() == (
        "v5e × 4, 128 images, float32, rematerialization blocks, 4 accumulation steps"
    )
    assert "training.batch_size=128" in case.overrides
    assert "model.rematerialization=blocks" in case.overrides
