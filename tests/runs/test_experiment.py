from __future__ import annotations

import pytest
from flax import linen as nn

from configs.super_xception import get_config
from superxception_jax.data.builders import BUILDERS
from superxception_jax.models.build import MODELS, build_model
from superxception_jax.runs.experiment import build_experiment

OTHER_OPTIMIZERS = {
    "optimizer.name": {},
    "optimizer.momentum": {"name": "nesterov"},
    "optimizer.rate_decay": {"schedule": "inverse_time"},
}


def _changed(**fields):
    config = get_config("smoke")
    for path, value in fields.items():
        *outer, name = path.split("__")
        inner = config
        for part in outer:
            inner = inner[part]
        inner[name] = value
    return config


def _leaves(values, prefix=""):
    for name, value in values.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def test_every_field_of_the_config_reaches_the_experiment():
    """A field that nobody reads would be a switch without a lamp."""
    config = get_config("own")
    config.data.own_folder = "cells"
    config.normalization.straightening = "none"
    config.model.polarity = "read"  # without it there is one view only
    other = {str: "x", bool: None, int: 1, float: 0.01}
    for path, value in list(_leaves(config.to_dict())):
        if path in ("data.ideogram_cells", "data.ideogram_seed"):
            continue
        # The others need a network of Keras' size and have a test of their own.
        if path.startswith("data.ideogram") or path in ("model.init_from", "model.start"):
            continue
        start = config
        if path == "split.test_only":
            # A field of several data sets.
            start = config.copy_and_resolve_references()
            start.data.dataset, start.split.protocol = "bioimage,gband", "cells"
        if path == "model.stem_stride":
            # A field of another network.
            start = config.copy_and_resolve_references()
            start.model.name = "stripnet"
        if path in OTHER_OPTIMIZERS:
            # Fields of another optimiser or schedule.
            start = config.copy_and_resolve_references()
            start.optimizer.update({"weight_decay": 0.0, **OTHER_OPTIMIZERS[path]})
        if path.startswith("data.unlabelled"):
            # Read by a network to start from.
            start = config.copy_and_resolve_references()
            start.model.init_from = "gband"
        if path in ("data.unlabelled_polarity", "data.unlabelled_reader"):
            start.data.unlabelled_folder = "cells"
        changed = start.copy_and_resolve_references()
        *outer, name = path.split(".")
        inner = changed
        for part in outer:
            inner = inner[part]
        inner[name] = _other_value(path, value, other)
        left, right = build_experiment(start), build_experiment(changed)
        differing = [
            field
            for field in vars(left)
            if field != "config" and vars(left)[field] != vars(right)[field]
        ]
        assert differing, f"`{path}` changes nothing"


def _other_value(path, value, other):
    choices = {
        "data.dataset": "ideogram",
        "data.own_twins": "allow",
        "data.repeats": "2",
        "data.own_polarity": "any",
        "data.unlabelled_polarity": "upright",
        "data.unlabelled_reader": "qband",
        "normalization.background": "light",
        "normalization.tilt": "keep",
        "normalization.straightening": "medial_axis",
        "normalization.length": "none",
        "normalization.grey": "cell",
        "normalization.length_reference": "lengths",
        "split.protocol": "cases",
        "split.test_only": "gband",
        "split.sizes": (4176, 360, 721),
        "model.name": "xception",
        "model.middle_flow": "scan",
        "model.polarity": "given",
        "model.test_views": "both",
        "model.implementation": "plain",
        "model.precision": "bfloat16",
        "model.rematerialization": "blocks",
        "super_resolution.final_activation": "relu",
        "super_resolution.skip": "none",
        "super_resolution.initialization": "glorot",
        "super_resolution.place": "before_enlarging",
        "super_resolution.parameters": "frozen",
        "optimizer.name": "adam",
        "optimizer.batch_scaling": "linear",
        "optimizer.schedule": "constant",
        "training.kept": "last",
    }
    if path in choices:
        return choices[path]
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple):
        return (*value[:-1], 7)
    return value + other[type(value)] if value == 0 or isinstance(value, int) else value * 0.9


@pytest.mark.parametrize("name", BUILDERS)
def test_the_options_of_every_data_set_come_from_the_config(name):
    config = _changed(data__dataset=name, data__own_folder="lab", model__polarity="read")
    assert set(build_experiment(config).data_sets[name]) == set(BUILDERS[name][0])


def test_a_field_is_said_to_be_unused_only_if_the_network_is_the_same_without_it():
    unused = set()
    for name in MODELS:
        experiment = build_experiment(_changed(model__name=name, model__input_px=71))
        model = experiment.model
        network = build_model(name, classes=24, implementation="plain", **_without_name(model))
        inner = network.classifier if model["super_resolution"] else network
        has = {field for field in vars(inner) if not field.startswith("_")}
        for path in experiment.unused_fields:
            field = path.removeprefix("model.").removeprefix("batch_norm_")
            assert field not in has, (name, path)
        assert ("super_resolution" in experiment.unused_fields) == (inner is network)
        unused |= set(experiment.unused_fields)
    assert {"model.middle_flow", "model.stem_stride", "model.batch_norm_momentum"} <= unused


def _without_name(model):
    return {option: value for option, value in model.items() if option != "name"}


def test_synthetic_options_reach_the_builder():
    experiment = build_experiment(_changed(data__ideogram_cells=7, data__ideogram_style="g"))
    assert experiment.data_sets == {
        "ideogram": {"cells": 7, "seed": 0, "style": "g", "aneuploid_share": 0.0}
    }


def test_the_stated_background_reaches_the_preparation_of_own_cells():
    config = get_config("own")
    config.data.own_folder = "lab"
    config.normalization.background = "light"
    assert build_experiment(config).data_sets["own"]["background"] == "light"


def test_all_problems_are_reported_at_once():
    config = _changed(
        model__name="super_xceptoin", training__epochs=0, split__fold=9, super_resolution__skip="no"
    )
    with pytest.raises(ValueError, match="the config has problems") as caught:
        build_experiment(config)
    text = str(caught.value)
    for part in (
        "`model.name` must be one of deep_cnn, alexnet, ",
        "super_xception, got 'super_xceptoin'",
        "`training.epochs` must be between 1 and",
        "`split.fold` must be between 0 and 4, got 9",
        "`super_resolution.skip` must be one of input, none",
    ):
        assert part in text


def test_pretraining_needs_a_stack():
    config = _changed(model__name="xception", super_resolution__pretraining_epochs=3)
    with pytest.raises(ValueError, match=r"`super_resolution.pretraining_epochs` must be 0"):
        build_experiment(config)


def test_stack_on_the_canvas_enlarges_by_itself():
    experiment = build_experiment(_changed(super_resolution__place="before_enlarging"))
    assert experiment.input_px == 50
    assert experiment.model["super_resolution"]["enlarged_px"] == 64
    # Without a stack there is nothing to place or to freeze.
    plain = build_experiment(
        _changed(
            model__name="xception",
            super_resolution__place="before_enlarging",
            super_resolution__parameters="frozen",
        )
    )
    assert (plain.input_px, plain.frozen) == (64, ())


def test_own_needs_a_folder():
    with pytest.raises(ValueError, match=r"`data.own_folder` must name your folder of cells"):
        build_experiment(get_config("own"))


def test_input_smaller_than_the_canvas_is_refused():
    with pytest.raises(ValueError, match=r"`model.input_px` must be 0 or at least .* 50"):
        build_experiment(_changed(model__input_px=40))


def test_starting_from_a_file_needs_the_network_of_keras():
    fitting = {"model__width_multiplier": 1.0, "model__middle_modules": 8}
    named = _changed(model__init_from="weights.keras", **fitting)
    assert build_experiment(named).init_from == "weights.keras"
    assert build_experiment(_changed(**fitting)).init_from == ""
    assert not build_experiment(named).start_counts
    kept = _changed(model__init_from="gband", model__start="kept_unless_improved")
    assert build_experiment(kept).start_counts
    with pytest.raises(ValueError, match="the config has problems") as caught:
        build_experiment(_changed(model__init_from="weights.keras"))
    assert "`model.width_multiplier` must be 1 with `model.init_from`" in str(caught.value)
    assert "`model.middle_modules` must be 8 with `model.init_from`" in str(caught.value)
    with pytest.raises(ValueError, match=r"`model.name` must be one of resnet50, .*got 'alexnet'"):
        build_experiment(_changed(model__init_from="weights.h5", model__name="alexnet"))


def test_an_attribute_that_no_config_has_is_named(monkeypatch):
    class OwnNetwork(nn.Module):
        classes: int
        width_multiplier: float
        batch_norm_momentum: float
        implementation: str

    monkeypatch.setitem(MODELS, "deep_cnn", (OwnNetwork, False))
    with pytest.raises(ValueError, match=r"must have attributes of .*, momentum, .* got batch_"):
        build_experiment(_changed(model__name="deep_cnn"))


def test_an_attribute_with_a_default_needs_no_field(monkeypatch):
    class OwnNetwork(nn.Module):
        classes: int
        implementation: str
        depth: int = 4
        dropout_rate: float = 0.1

    monkeypatch.setitem(MODELS, "deep_cnn", (OwnNetwork, False))
    experiment = build_experiment(_changed(model__name="deep_cnn", model__dropout_rate=0.25))
    model = build_model(**experiment.model, classes=24, implementation="plain")
    assert (model.depth, model.dropout_rate) == (4, 0.25)


def test_none_stands_for_no_start():
    config = get_config("bioimage").unlock()
    config.model.init_from = "none"
    assert build_experiment(config).init_from == ""
