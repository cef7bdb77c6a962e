"""Networks that start from Keras files give the same outputs as Keras."""

from __future__ import annotations

import functools
from typing import Any

import h5py
import jax
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from superxception_jax.models.build import build_model, classifier_options
from superxception_jax.models.keras.start import find_init_from_problems, start_from_keras
from tests.models.keras.networks import (
    CLASSES,
    keras_resnet,
    keras_xception,
    layers_of,
    shared_variables,
    stack_middle,
)
from tests.quick import QUICK

SIZE = 71
CLASSIFIER = {
    "width_multiplier": 1.0,
    "middle_modules": 8,
    "rematerialization": "none",
    "middle_flow": "unrolled",
    "momentum": 0.99,
    "dropout_rate": 0.0,
}
STACK = {
    "features": (4, 4),
    "final_activation": "none",
    "skip": "input",
    "initialization": "gaussian",
    "initial_sigma": 0.001,
    "enlarged_px": SIZE,
}


def network(name, *, classes=CLASSES, **options):
    options = CLASSIFIER | options
    return build_model(
        name,
        classes=classes,
        implementation="fast",
        classifier={option: options[option] for option in classifier_options(name)},
        super_resolution=STACK if name.startswith("super_") else {},
    )


@functools.cache
def grey_images():
    return np.random.default_rng(1).uniform(size=(2, SIZE, SIZE, 1)).astype(np.float32)


def abstract_variables(model):
    return jax.eval_shape(lambda: model.init(jax.random.key(0), grey_images(), train=False))


@pytest.fixture(scope="module")
def xception_file(tmp_path_factory):
    """Write Xception without its head as the published file is: weights alone."""
    shared_variables()
    model = keras_xception()
    path = tmp_path_factory.mktemp("weights") / "notop.h5"
    without_head = keras.Model(model.inputs, model.get_layer("avg_pool").output)
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, without_head)
    yield path
    path.unlink()  # pytest keeps its folders; this is large


@pytest.fixture(scope="module")
def resnet_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "resnet.keras"
    keras_resnet().save(path)
    yield path
    path.unlink()


def keras_values(model, outputs, images):
    """Compute outputs of layers of a Keras network."""
    part = keras.Model(model.inputs, [model.get_layer(name).output for name in outputs])
    call = functools.partial(part.stateless_call, training=False)
    with jax.numpy_rank_promotion("allow"):
        values, _ = jax.jit(call, compiler_options=QUICK)(
            [variable.value for variable in part.trainable_variables],
            [variable.value for variable in part.non_trainable_variables],
            images,
        )
    # For a single output Keras returns no list.
    return [np.asarray(value) for value in jax.tree.leaves(values)]


def test_xception_gives_what_keras_gives_for_grey(xception_file):
    model = network("xception", middle_flow="scan")
    variables, report = start_from_keras(
        abstract_variables(model), name="xception", path=xception_file
    )
    assert f"{xception_file}: " in report
    assert "arrays with initial values: params/head/bias, params/head/kernel" in report
    assert report.endswith("unused layers of the file: none")
    variables["params"]["head"] = {"bias": np.zeros(5), "kernel": np.zeros((2048, 5))}
    colours = np.repeat(grey_images(), 3, axis=-1)
    inputs = keras.applications.xception.preprocess_input(255.0 * colours)
    (expected,) = keras_values(keras_xception(), ["avg_pool"], inputs)
    call = functools.partial(model.apply, train=False, method="features")
    features = jax.jit(call, compiler_options=QUICK)(variables, grey_images())
    assert expected.std() > 0.01
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4)


def test_the_unrolled_form_and_the_stack_get_the_same_values(xception_file):
    def start(name, **options):
        model = network(name, **options)
        return start_from_keras(abstract_variables(model), name=name, path=xception_file)

    unrolled, report = start("xception")
    total = len(jax.tree.leaves(unrolled))
    assert f"{total - 2} of {total} arrays of xception loaded" in report
    scanned, _ = start("xception", middle_flow="scan")
    enhanced, enhanced_report = start("super_xception")
    for collection in ("params", "batch_stats"):
        tree = {"backbone": unrolled[collection]["backbone"]}
        expected = {"backbone": scanned[collection]["backbone"]}
        jax.tree.map(np.testing.assert_array_equal, stack_middle(tree), expected)
        jax.tree.map(
            np.testing.assert_array_equal,
            tree["backbone"],
            enhanced[collection]["classifier"]["backbone"],
        )
    untouched = enhanced["params"]["super_resolution"]["conv1"]["kernel"]
    assert isinstance(untouched, jax.ShapeDtypeStruct)
    assert "params/super_resolution/conv1/kernel" in enhanced_report


def test_resnet_gives_what_keras_gives_for_grey_within_the_border(resnet_file):
    model = network("resnet50")
    variables, report = start_from_keras(
        abstract_variables(model), name="resnet50", path=resnet_file
    )
    total = len(jax.tree.leaves(variables))
    assert f"{total} of {total} arrays of resnet50 loaded" in report
    colours = np.repeat(grey_images(), 3, axis=-1)
    inputs = keras.applications.resnet50.preprocess_input(255.0 * colours)
    (expected,) = keras_values(keras_resnet(), ["conv1_relu"], inputs)

    def call(variables, images):
        _, state = model.apply(
            variables,
            images,
            train=False,
            mutable=["intermediates"],
            capture_intermediates=lambda module, _: module.name == "bn1",
        )
        return state["intermediates"]["backbone"]["bn1"]["__call__"][0]

    found = np.asarray(jax.jit(call, compiler_options=QUICK)(variables, grey_images()))
    inside = np.s_[:, 2:-2, 2:-2]
    assert expected[inside].std() > 1
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-4, atol=1e-3)
    assert not np.allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_resnet_behind_the_first_layer_equals_keras(resnet_file):
    """The other layers don't depend on the colours; with biases folded they equal Keras'."""
    model = network("resnet50")
    shapes = abstract_variables(model)
    variables, _ = start_from_keras(shapes, name="resnet50", path=resnet_file)
    # The border is the same with the mean colour, which Keras' preprocessing maps to zero.
    layers = layers_of(keras_resnet())
    kernel, bias = layers["conv1_conv"]
    variables["params"]["backbone"]["conv1"]["kernel"] = kernel
    stem = variables["batch_stats"]["backbone"]["bn1"]
    stem["mean"] = layers["conv1_bn"][2] - bias
    colours = np.random.default_rng(2).uniform(size=(2, SIZE, SIZE, 3)).astype(np.float32)
    expected = keras_values(keras_resnet(), ["avg_pool", "predictions"], 2.0 * colours - 1.0)

    def call(variables, images):
        features = model.apply(variables, images, train=False, method="features")
        return features, model.apply(variables, images, train=False)

    found = jax.jit(call, compiler_options=QUICK)(variables, colours)
    for value, value_of_keras in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, value_of_keras, rtol=1e-4, atol=1e-4)


def test_a_head_for_other_classes_is_left(resnet_file):
    model = network("super_resnet50", classes=24)
    variables, report = start_from_keras(
        abstract_variables(model), name="super_resnet50", path=resnet_file
    )
    head = variables["params"]["classifier"]["head"]
    assert all(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in head.values())
    assert "params/classifier/head/kernel" in report
    assert report.endswith("unused layers of the file: predictions")


def test_other_networks_are_refused(xception_file, resnet_file):
    for name, path, other in (
        ("xception", resnet_file, "it looks like ResNet50: set `model.name` to 'resnet50'"),
        ("resnet50", xception_file, "it looks like Xception: set `model.name` to 'xception'"),
    ):
        with pytest.raises(ValueError, match=r"must hold the weights of `keras\.app") as caught:
            start_from_keras(abstract_variables(network(name)), name=name, path=path)
        assert other in str(caught.value)
        assert str(path) in str(caught.value)


def test_other_sizes_are_refused(xception_file):
    for options in ({"width_multiplier": 0.5}, {"middle_modules": 2}):
        shapes = abstract_variables(network("xception", **options))
        with pytest.raises(ValueError, match=r"set `model\.width_multiplier` to 1 and"):
            start_from_keras(shapes, name="xception", path=xception_file)


def test_networks_that_no_file_fits_are_named():
    fitting: dict[str, Any] = {"width_multiplier": 1.0, "middle_modules": 8}
    for name in ("xception", "super_xception", "resnet50", "super_resnet50"):
        assert find_init_from_problems(name, **fitting) == []
    assert find_init_from_problems("resnet50", width_multiplier=1, middle_modules=2) == []
    (problem,) = find_init_from_problems("super_alexnet", **fitting)
    assert problem.startswith("`model.name` must be one of resnet50, super_resnet50, xception")
    (problem,) = find_init_from_problems("xception", width_multiplier=1, middle_modules=2)
    assert problem == (
        "`model.middle_modules` must be 8 with `model.init_from`, as in Keras, got 2; set it to 8."
    )
