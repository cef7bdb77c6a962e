"""Configs of earlier versions mean what they meant."""

from __future__ import annotations

import json

import pytest

from configs import stripnet
from configs.base import get_base
from superxception_jax.runs.config.config_values import config_differences, config_from_json
from superxception_jax.runs.config.stored_config import upgrade_config
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.workdir import check_workdir, load_config
from tests.paths import REPOSITORY

EARLIER = REPOSITORY / "tests" / "golden" / "earlier"


def stored(name):
    return json.loads((EARLIER / f"{name}.config.json").read_text(encoding="utf-8"))


def fields(values, prefix=""):
    found: set[str] = set()
    for name, value in values.items():
        found |= fields(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def test_a_config_of_the_last_version_gets_every_field_of_this_one():
    # A field that is added without the value that its absence means fails here.
    upgraded, changes = upgrade_config(stored("stripnet"))
    assert fields(upgraded) == fields(json.loads(get_base().to_json()))
    assert "training.learning_rate is now optimizer.learning_rate" in changes
    assert "model.precision='float32'" in changes
    build_experiment(config_from_json(upgraded))


def test_a_run_of_the_last_version_is_the_same_experiment_today():
    config = stripnet.get_config("bioimage")
    with config.unlocked():
        config.split.protocol = "cells"
        config.training.kept = "lowest_loss"  # as all runs of that version
    upgraded, changes = upgrade_config(stored("stripnet"))
    assert changes
    assert config_differences(upgraded, json.loads(config.to_json())) == []


def test_a_config_of_this_version_is_left_alone():
    values = json.loads(get_base().to_json())
    assert upgrade_config(values) == (values, ())


def test_a_run_folder_of_an_earlier_version_is_resumed_with_one_line(tmp_path, capsys):
    (tmp_path / "config.json").write_text(json.dumps(stored("stripnet")), encoding="utf-8")
    config = load_config(tmp_path)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{tmp_path / 'config.json'} is of an earlier version")
    assert config.is_locked
    check_workdir(tmp_path, build_experiment(config), flag="--workdir")


@pytest.mark.parametrize("text", ["", '{"name": "x"', "[1]", '{"name": "x"}'])
def test_a_damaged_config_is_named(tmp_path, text):
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"config\.json` must hold the config of a run"):
        load_config(tmp_path)
