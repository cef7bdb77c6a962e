"""Processes of one run refuse to go on with other configs, images or pseudo-labels."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from superxception_jax.data.source import Chromosomes
from superxception_jax.runs import equal_setups
from superxception_jax.runs.equal_setups import check_equal_setups
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.split.split_file import DRAWING, StoredImage, StoredSplit
from tests.runs.smoke_config import changed

IMAGES = {name: StoredImage("c", "p", 0, name, "train", upright=True) for name in "ab"}
PSEUDO = Chromosomes(
    images=np.zeros((2, 1, 1, 1), np.uint8),
    labels=np.array([0, 1], np.int32),
    cells=np.array(["u", "u"]),
    cases=np.array(["u", "u"]),
    names=np.array(["u/0", "u/1"]),
    lengths_px=np.ones(2, np.float32),
    hashes=np.array(["x y", "z w"]),
    upright=np.zeros(2, bool),
    sources=np.array(["unlabelled"] * 2),
)


def setup(*, images=IMAGES, pseudo: Chromosomes | None = PSEUDO, **fields) -> Any:
    return SimpleNamespace(
        experiment=build_experiment(changed(**fields)),
        split=StoredSplit(images, DRAWING),
        pseudo_labelled=pseudo,
    )


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        ({}, True),
        ({"data.data_dir": "/elsewhere"}, True),
        ({"data.repeats": "2"}, False),
        ({"data.ideogram_cells": 7}, False),
        ({"training.epochs": 7}, False),
        ({"images": {"a": IMAGES["a"]}}, False),
        ({"images": IMAGES | {"b": dataclasses.replace(IMAGES["b"], upright=False)}}, False),
        ({"pseudo": None}, False),
        ({"pseudo": dataclasses.replace(PSEUDO, labels=np.array([0, 2], np.int32))}, False),
        ({"pseudo": dataclasses.replace(PSEUDO, hashes=np.array(["x y", "z v"]))}, False),
        ({"pseudo": PSEUDO.take(np.array([1, 0]))}, False),
    ],
)
def test_what_processes_must_have_in_common(monkeypatch, tmp_path, other, equal):
    told = []

    def tell(make):
        told.append(make())
        return told[0]

    monkeypatch.setattr(equal_setups, "process_count", lambda: 2)
    monkeypatch.setattr(equal_setups, "tell", tell)
    check_equal_setups(setup(), tmp_path)
    if equal:
        check_equal_setups(setup(**other), tmp_path)
        return
    with pytest.raises(ValueError, match="all processes must have the same config, images, split"):
        check_equal_setups(setup(**other), tmp_path)
