from __future__ import annotations

import dataclasses

import pytest

from superxception_jax.evaluation.statistics import Interval
from superxception_jax.runs.kinds import check_kinds
from tests.runs.samples import CELLS, PROVENANCE, sample_results


def test_values_of_the_stated_kinds_pass():
    check_kinds(sample_results())
    check_kinds(sample_results(cells=CELLS, accuracy=1, multiply_accumulates=None))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"accuracy": None}, "accuracy"),
        ({"accuracy": True}, "accuracy"),
        ({"accuracy": "0.9"}, "accuracy"),
        ({"images": 2.5}, "images"),
        ({"name": 3}, "name"),
        ({"recall": [1.0]}, "recall"),
        ({"recall": {"1": "high"}}, "recall"),
        ({"trainings": [PROVENANCE]}, "trainings"),
        ({"evaluation": None}, "evaluation"),
        ({"accuracy_interval": Interval((0.1,), "cell", 3)}, "ends"),  # type: ignore[arg-type]
        ({"evaluation": dataclasses.replace(PROVENANCE, python=3)}, "python"),  # type: ignore[arg-type]
        ({"cells": dataclasses.replace(CELLS, cells="many")}, "cells"),  # type: ignore[arg-type]
    ],
)
def test_a_value_of_another_kind_is_named(changes, name):
    with pytest.raises(TypeError, match=rf"^`{name}` is "):
        check_kinds(sample_results(**changes))
