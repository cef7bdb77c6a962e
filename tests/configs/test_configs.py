"""Golden files: the resolved config and the parameter table of every row and preset.

After a wanted change: `SUPERXCEPTION_WRITE_GOLDEN=1 python -m pytest tests/configs`.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from clu import parameter_overview

from configs.base import PRESETS, apply_preset, get_base
from superxception_jax.models.build import build_model
from superxception_jax.runs.experiment import build_experiment, config_differences

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
ROWS = sorted(
    path.stem
    for path in (Path(__file__).resolve().parents[2] / "configs").glob("*.py")
    if path.stem not in ("base", "__init__")
)
# Our own networks have their own input and training.
PAPER_ROWS = [row for row in ROWS if row != "stripnet"]


ABLATIONS = sorted(
    path.stem
    for path in (Path(__file__).resolve().parents[2] / "configs" / "ablations").glob("*.py")
)
# What an ablation is compared with, where it is not the row of the same network.
ABLATED = {"identity_stack": "super_xception"}


def _config(row, preset):
    config = importlib.import_module(f"configs.{row}").get_config(preset)
    if preset == "own":
        config.data.own_folder = "cells"
    return config


def _compare(path, text):
    if os.environ.get("SUPERXCEPTION_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path.name} differs; see the docstring"


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("row", ROWS)
def test_resolved_config(row, preset):
    experiment = build_experiment(_config(row, preset))
    text = json.dumps(experiment.config, indent=1, sort_keys=True) + "\n"
    _compare(GOLDEN / f"{row}-{preset or 'embedded'}.config.json", text)


@pytest.mark.parametrize("preset", ["", "bioimage", "paper"])
@pytest.mark.parametrize("row", ROWS)
def test_parameter_table(row, preset):
    experiment = build_experiment(_config(row, preset))
    model = build_model(**experiment.model, classes=24, implementation="plain")
    side = experiment.input_px
    shapes = jax.eval_shape(
        lambda key: model.init(key, jnp.zeros((1, side, side, 1), jnp.float32), train=False),
        jax.random.key(0),
    )
    table = parameter_overview.get_parameter_overview(shapes["params"], include_stats=False)
    _compare(GOLDEN / f"{row}-{preset or 'embedded'}.parameters.txt", table + "\n")


def test_paper_preset_is_the_paper():
    config = _config("super_xception", "paper")
    assert (config.model.input_px, config.normalization.image_px) == (227, 50)
    assert (config.model.width_multiplier, config.model.middle_modules) == (1.0, 8)
    assert config.super_resolution.features == (64, 32)
    assert config.split.sizes == (4176, 360, 720)
    assert (config.optimizer.name, config.optimizer.learning_rate) == ("adam", 1e-4)
    assert config.training.epochs == 80
    epochs = {row: _config(row, "paper").training.epochs for row in PAPER_ROWS}
    assert epochs == {
        "deep_cnn": 150,
        "alexnet": 100,
        "super_alexnet": 100,
        "resnet50": 30,
        "super_resnet50": 30,
        "xception": 50,
        "super_xception": 80,
    }
    optimizer = _config("resnet50", "paper").optimizer
    assert (optimizer.name, optimizer.learning_rate) == ("nesterov", 1e-3)
    assert (optimizer.momentum, optimizer.rate_decay) == (0.9, 1e-6)
    assert config.normalization.length_exponent == 1.0
    assert not any(config.augmentation.to_dict().values())


def test_embedded_presets_need_no_archive():
    for row in ROWS:
        for preset in ("", "smoke"):
            assert _config(row, preset).data.dataset == "ideogram"
        for preset in ("bioimage", "table", "paper"):
            assert _config(row, preset).data.dataset == "bioimage"


def test_rows_of_the_table_differ_in_little_more_than_the_network():
    def settings(row):
        values = build_experiment(_config(row, "table")).config
        return {
            name: dict(value) if isinstance(value, dict) else value
            for name, value in values.items()
        }

    reference = settings("super_xception")
    for row in PAPER_ROWS:
        values = settings(row)
        for section in ("data", "normalization", "split", "augmentation", "super_resolution"):
            assert values[section] == reference[section]
    for pair in ("alexnet", "resnet50", "xception"):
        one, other = settings(pair), settings(f"super_{pair}")
        assert one["training"] == other["training"]
        assert one["optimizer"] == other["optimizer"]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_changes_what_its_name_says(name, preset):
    config = _config(f"ablations.{name}", preset)
    assert config.name == name
    assert config.is_locked
    reference = _config(ABLATED.get(name, config.model.name), preset)
    changed = config_differences(
        build_experiment(reference).config, build_experiment(config).config
    )
    # The other side of a pair equals its reference where that has the same setting already.
    equal = {
        "straightened",
        "not_straightened",
        "augmented",
        "not_augmented",
        "length_cell",
        "length_square_root",
        "resnet50_swapped_optimizer",
    }
    assert len(changed) > 1 or name in equal


def test_gband_preset_is_the_bioimage_preset_on_patients():
    for row in ROWS:
        one, other = (build_experiment(_config(row, name)) for name in ("bioimage", "gband"))
        assert config_differences(one.config, other.config) == [
            "data.dataset: bioimage → gband",
            "preset: bioimage → gband",
            "split.protocol: paper → cases",
        ]


def test_a_typo_in_a_preset_names_the_nearest():
    with pytest.raises(ValueError, match=r"preset `:smok` must be one of .*did you mean `:smoke`"):
        apply_preset(get_base(), "smok", cpu_changes={}, table_epochs=1)
    with pytest.raises(ValueError, match="choose one of them"):
        apply_preset(get_base(), "zzz", cpu_changes={}, table_epochs=1)


def test_configs_are_locked():
    config = _config("xception", "smoke")
    with pytest.raises(AttributeError, match='Did you mean "epochs"'):
        config.training.epoch = 3
    with pytest.raises(TypeError):
        config.training.epochs = "three"
