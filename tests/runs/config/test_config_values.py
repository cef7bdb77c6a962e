from __future__ import annotations

import json

import pytest

from configs.super_xception import get_config
from superxception_jax.runs.config.config_values import config_differences, config_from_json
from superxception_jax.runs.experiment import build_experiment


def test_config_survives_json():
    config = get_config("smoke")
    restored = config_from_json(json.loads(json.dumps(build_experiment(config).config)))
    assert build_experiment(restored) == build_experiment(config)
    assert restored.super_resolution.features == config.super_resolution.features
    with pytest.raises(AttributeError):
        restored.training.epoch = 3


def test_differences_name_the_fields():
    one, other = get_config("smoke"), get_config("smoke")
    other.seed = 4
    other.training.epochs = one.training.epochs + 1
    values = [json.loads(config.to_json()) for config in (one, other)]
    assert config_differences(values[0], values[0]) == []
    epochs = one.training.epochs
    assert config_differences(*values) == [
        "seed: 0 → 4",
        f"training.epochs: {epochs} → {epochs + 1}",
    ]
    assert config_differences({"a": 1}, {}) == ["a: 1 → absent"]
