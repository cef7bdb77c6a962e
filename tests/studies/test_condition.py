from __future__ import annotations

import json

import pytest

from superxception_jax.studies.condition import (
    CONDITIONS,
    UNDAMAGED,
    UNITS,
    ConditionResult,
    RobustnessResults,
    choose_conditions,
    pool,
)
from tests.studies.samples import PROVENANCE

CLEAN = ConditionResult(UNDAMAGED, 0.0, 1, 1, 46, 45, 46, 44, 0)
NOISY = ConditionResult("noise", 3.0, 1, 0, 46, 23, 30, 40, 2)


def test_every_damage_has_a_unit():
    assert {kind for kind, _ in CONDITIONS} == {UNDAMAGED, *UNITS}


def test_chosen_kinds_are_added_to_the_undamaged_cells():
    assert choose_conditions([]) == CONDITIONS
    assert choose_conditions([UNDAMAGED]) == ((UNDAMAGED, 0.0),)
    assert choose_conditions(["debris"]) == ((UNDAMAGED, 0.0), ("debris", 1.0), ("debris", 3.0))
    with pytest.raises(ValueError, match=r"`--kinds` must be among none, blur, .* got `blurr`"):
        choose_conditions(["blurr"])


def test_results_of_folds_are_added_up():
    pooled = pool([CLEAN, NOISY, CLEAN, NOISY])
    assert pooled == [
        ConditionResult(UNDAMAGED, 0.0, 2, 2, 92, 90, 92, 88, 0),
        ConditionResult("noise", 3.0, 2, 0, 92, 46, 60, 80, 4),
    ]
    # Where one network doesn't read the polarity, the sum is unknown, not lower.
    blind = ConditionResult(UNDAMAGED, 0.0, 1, 1, 46, 45, 46, None, 0)
    for pair in ([CLEAN, blind], [blind, CLEAN]):
        assert pool(pair) == [ConditionResult(UNDAMAGED, 0.0, 2, 2, 92, 90, 92, None, 0)]


def test_the_keys_of_the_results_file():
    results = RobustnessResults(
        name="r",
        dataset="bioimage",
        networks=2,
        own=(CLEAN, NOISY),
        foreign={"gband": NOISY},
        provenance=PROVENANCE,
    )
    noisy = {
        "kind": "noise",
        "level": 3.0,
        "cells": 1,
        "cells_right": 0,
        "images": 46,
        "alone": 23,
        "assigned": 30,
        "upright_right": 40,
        "unread": 2,
    }
    values = json.loads(json.dumps(results.to_json()))
    assert list(values) == [
        *("name", "command", "commit", "data set", "networks", "own", "foreign", "environment"),
    ]
    assert values["commit"] == values["environment"]["commit"] == "abc"
    assert values["own"][1] == values["foreign"]["gband"] == noisy
    assert list(values["own"][1]) == list(noisy)
