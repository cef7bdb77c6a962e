"""Golden files: what each row and preset changes, and the parameter table of every row.

`base.config.json` is the whole base config. `super_xception.config.txt` lists the fields in which
each preset differs from the one it builds on; the file of every other row lists the fields in which
the row differs from super_xception at the same preset.

After an intended change: `SUPERXCEPTION_WRITE_GOLDEN=1 python -m pytest tests/configs`.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from clu import parameter_overview
from ml_collections import ConfigDict

from configs.base import PRESETS, apply_preset, get_base
from superxception_jax.models.build import build_model
from superxception_jax.runs.config.config_values import config_differences
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.included import INCLUDED
from tests.configs.ablations import ABLATIONS, AT_PRESET
from tests.paths import REPOSITORY

GOLDEN = REPOSITORY / "tests" / "golden"
ROWS = sorted(
    path.stem
    for path in (REPOSITORY / "configs").glob("*.py")
    if path.stem not in ("base", "__init__")
)
# Our own networks have their own input and training.
PAPER_ROWS = [row for row in ROWS if row != "stripnet"]
REFERENCE = "super_xception"
# Each preset is listed by what it changes of another one.
BUILDS_ON = {
    "paper": "base",
    "table": "paper",
    "bioimage": "table",
    "gband": "bioimage",
    "own": "bioimage",
    "": "bioimage",
    "smoke": "",
}


def _config(row: str, preset: str) -> ConfigDict:
    config = importlib.import_module(f"configs.{row}").get_config(preset)
    if preset in ("own", "adapt"):
        config.data.own_folder = "cells"
    return config


def _base() -> dict[str, Any]:
    return json.loads(get_base().to_json())


def _resolved(row: str, preset: str) -> dict[str, Any]:
    return _flat(build_experiment(_config(row, preset)).config)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            fields |= _flat(value, f"{prefix}{name}.")
        else:
            fields[prefix + name] = value
    return fields


def _changes(reference: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `values` that are not so in `reference`; both have the same fields."""
    assert set(reference) == set(values)
    return {name: value for name, value in values.items() if reference[name] != value}


def _title(preset: str) -> str:
    return preset or "no preset"


def _section(title: str, changes: Mapping[str, Any]) -> str:
    lines = [f"  {name}: {json.dumps(changes[name])}\n" for name in sorted(changes)]
    return f"{title}\n{''.join(lines)}"


def _compare(path: Path, text: str) -> None:
    if os.environ.get("SUPERXCEPTION_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path.name} differs; see the docstring"


def test_base():
    text = json.dumps(_base(), indent=1, sort_keys=True) + "\n"
    _compare(GOLDEN / "base.config.json", text)


def test_presets_of_the_reference_row():
    assert set(BUILDS_ON) == set(PRESETS)
    resolved = {preset: _resolved(REFERENCE, preset) for preset in PRESETS}
    resolved["base"] = _flat(_base())
    sections = [
        _section(
            f"{_title(preset)}, from {_title(other)}", _changes(resolved[other], resolved[preset])
        )
        for preset, other in BUILDS_ON.items()
    ]
    _compare(GOLDEN / f"{REFERENCE}.config.txt", "\n".join(sections))


@pytest.mark.parametrize("row", [row for row in ROWS if row != REFERENCE])
def test_row(row):
    found = {
        preset: _changes(_resolved(REFERENCE, preset), _resolved(row, preset))
        for preset in BUILDS_ON
    }
    shared = {
        name: value
        for name, value in found["paper"].items()
        if all(name in changes and changes[name] == value for changes in found.values())
    }
    sections = [_section(f"every preset, from {REFERENCE}", shared)]
    for preset, changes in found.items():
        own = {name: value for name, value in changes.items() if name not in shared}
        if own:
            sections.append(_section(_title(preset), own))
    _compare(GOLDEN / f"{row}.config.txt", "\n".join(sections))


def test_adaptation_is_a_short_training_of_the_included_network():
    config = _config("stripnet", "adapt")
    own, adapting = _resolved("stripnet", "own"), _flat(build_experiment(config).config)
    text = _section("adapt, from own", _changes(own, adapting))
    _compare(GOLDEN / "stripnet-adapt.config.txt", text)
    included = _flat(json.loads((INCLUDED["gband"] / "config.json").read_text("utf-8")))
    for field, value in included.items():
        # Everything that the weights depend on.
        if field.startswith("normalization.") or field in ("model.name", "model.polarity"):
            assert adapting[field] == value, field
    assert adapting["model.width_multiplier"] == included["model.width_multiplier"]


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


@pytest.mark.parametrize("image_px", [25, 50])
def test_what_is_not_enlarged_has_the_side_of_the_canvas(image_px):
    config = _config("ablations.not_enlarged", "bioimage")
    config.normalization.image_px = image_px
    assert build_experiment(config).input_px == image_px


def test_every_ablation_is_listed():
    files = (REPOSITORY / "configs" / "ablations").glob("*.py")
    assert sorted(ABLATIONS) == sorted(path.stem for path in files)


@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_changes_the_listed_fields_alone(name):
    found: set[str] = set()
    for preset in PRESETS:
        config = _config(f"ablations.{name}", preset)
        assert config.is_locked
        reference = _resolved(config.model.name, preset)
        changes = _changes(reference, _resolved(f"ablations.{name}", preset))
        assert changes.pop("name") == name
        # Where the reference has a value already, there is nothing to change.
        expected = ABLATIONS[name] | AT_PRESET.get((name, preset), {})
        assert changes == _changes({field: reference[field] for field in expected}, expected)
        found |= set(changes)
    assert found == set(ABLATIONS[name]).union(
        *(values for (ablation, _), values in AT_PRESET.items() if ablation == name)
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_trains_as_long_as_what_it_is_compared_with(name, preset):
    module = importlib.import_module(f"configs.ablations.{name}")
    (others,) = re.findall(r"\| compare with \| (.*)", module.__doc__ or "")
    for other in re.findall(r"`(\w+)`", others):
        compared = _config(f"ablations.{other}" if other in ABLATIONS else other, preset)
        assert module.get_config(preset).training == compared.training


@pytest.mark.parametrize("preset", PRESETS)
def test_a_stack_at_the_identity_is_xception_behind_it(preset):
    changes = _changes(_resolved("xception", preset), _resolved("ablations.identity_stack", preset))
    assert {name for name in changes if not name.startswith("super_resolution.")} == {
        "name",
        "model.name",
    }


def test_an_unknown_preset_is_answered_with_all_of_the_network():
    with pytest.raises(ValueError, match=r"`:laboratories`.*did you mean `:adapt`\?"):
        _config("stripnet", "adapted")


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
