"""Networks of Keras with random weights, and the same weights as variables of this project."""

from __future__ import annotations

import contextlib
import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from superxception_jax.models.resnet import ResNet50
from superxception_jax.models.xception import Xception

CLASSES = 5
MIDDLE_MODULES = 8
XCEPTION_PX, RESNET_PX = 71, 64
# Index of a parameter among the weights of its Keras layer.
PARTS = {
    "kernel": 0,
    "bias": 1,
    "depthwise_kernel": 0,
    "pointwise_kernel": 1,
    "scale": 0,
    "mean": 2,
    "var": 3,
}
# Order of the weights of a Keras layer.
CONVOLUTION, BATCH_NORM = ("kernel", "bias"), ("scale", "bias", "mean", "var")


@contextlib.contextmanager
def weights_given_later():
    """Start every kernel at zero, because drawing it would take most of a test's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            keras.initializers.VarianceScaling,
            "__call__",
            lambda self, shape, dtype: np.zeros(shape, dtype),
        )
        yield


@functools.cache
def keras_xception():
    with weights_given_later():
        return keras.applications.Xception(
            weights=None,
            input_shape=(XCEPTION_PX, XCEPTION_PX, 3),
            classes=CLASSES,
            classifier_activation=None,
        )


@functools.cache
def make_xception(middle_flow):
    model = Xception(
        classes=CLASSES,
        width_multiplier=1.0,
        middle_modules=MIDDLE_MODULES,
        middle_flow=middle_flow,
        rematerialization="none",
        momentum=0.99,
        dropout_rate=0.0,
        implementation="fast",
    )
    shapes = jax.eval_shape(
        lambda: model.init(
            jax.random.key(0), jnp.zeros((1, XCEPTION_PX, XCEPTION_PX, 3)), train=False
        )
    )
    return model, shapes


def keras_weight(path):
    """Return the Keras variable of a parameter of the unrolled network."""
    *names, part = [key.key for key in path if key.key not in ("backbone", "middle_flow")]
    names = names[1:]  # without the collection
    layers = {layer.name: layer for layer in keras_xception().layers}
    if names[-1] in ("residual", "residual_bn"):
        # Keras leaves the four shortcuts unnamed: take them in the order of the network.
        kind = "conv2d" if names[-1] == "residual" else "batch_normalization"
        unnamed = [layer for name, layer in layers.items() if name.startswith(kind)]
        layer = unnamed[["block2", "block3", "block4", "block13"].index(names[0])]
    else:
        layer = layers["predictions" if names == ["head"] else "_".join(names)]
    is_shift = part == "bias" and names[-1].endswith("_bn")
    return layer.weights[1 if is_shift else PARTS[part]]


def random_value(path, shape, generator):
    """Draw a value that reveals mistakes: no bias of zero, no variance of one."""
    part = path[-1].key
    if part in ("scale", "var"):
        return generator.uniform(0.5, 1.5, shape)
    if part in ("bias", "mean"):
        return generator.normal(0, 0.1, shape)
    inputs = np.prod(shape[:2]) if part == "depthwise_kernel" else np.prod(shape[:-1])
    return generator.normal(0, inputs**-0.5, shape)


@functools.cache
def shared_variables():
    """Draw all variables, assign them to Keras' network, and return the values that it holds."""
    _, shapes = make_xception("unrolled")
    generator = np.random.default_rng(0)
    used = set()

    def give(path, shape):
        variable = keras_weight(path)
        value = random_value(path, shape.shape, generator).astype(np.float32)
        variable.assign(value.reshape(variable.shape))
        used.add(id(variable))
        return value

    given = jax.tree_util.tree_map_with_path(give, shapes)
    assert used == {id(variable) for variable in keras_xception().weights}
    read = jax.tree_util.tree_map_with_path(
        lambda path, shape: np.asarray(keras_weight(path)).reshape(shape.shape), shapes
    )
    jax.tree.map(np.testing.assert_array_equal, given, read)
    return read


def stack_middle(tree):
    """Turn the variables of an unrolled middle flow into those of a scanned one."""
    blocks = tree["backbone"]["middle_flow"]
    ordered = [blocks[f"block{index + 5}"] for index in range(MIDDLE_MODULES)]
    stacked = jax.tree.map(lambda *values: np.stack(values), *ordered)
    middle_flow = {"blocks": {"block": stacked}}
    return {**tree, "backbone": {**tree["backbone"], "middle_flow": middle_flow}}


@functools.cache
def keras_resnet():
    """Build Keras' network for any size and give it random weights, none of them special."""
    with weights_given_later():
        base = keras.applications.ResNet50(
            weights=None, include_top=False, pooling="avg", input_shape=(None, None, 3)
        )
        head = keras.layers.Dense(CLASSES, name="predictions")
        model = keras.Model(base.inputs, [base.output, head(base.output)])
    generator = np.random.default_rng(0)
    for layer in model.layers:
        for index, variable in enumerate(layer.weights):
            shape = tuple(variable.shape)
            if len(shape) > 1:
                value = generator.normal(0, np.prod(shape[:-1]) ** -0.5, shape)
            elif layer.name.endswith("_bn") and BATCH_NORM[index] in ("scale", "var"):
                value = generator.uniform(0.5, 1.5, shape)
            else:
                value = generator.normal(0, 0.1, shape)
            if layer.name.endswith("_3_bn") and BATCH_NORM[index] == "scale":
                # Weak branches: with strong ones, batch statistics of few pixels blow the
                # rounding of float32 up beyond 1e-4 over the 16 blocks.
                value /= 5
            variable.assign(value.astype(np.float32))
    return model


def make_resnet():
    return ResNet50(
        classes=CLASSES,
        width_multiplier=1.0,
        momentum=0.99,
        dropout_rate=0.0,
        implementation="fast",
    )


@functools.cache
def resnet_shapes():
    images = jnp.zeros((1, RESNET_PX, RESNET_PX, 3))
    return jax.eval_shape(lambda: make_resnet().init(jax.random.key(0), images, train=False))


def keras_name(names):
    """Return Keras' name of a layer of the network: conv2_block1/bn0 → conv2_block1_0_bn."""
    if names == ("head",):
        return "predictions"
    block, layer = names[1:] if len(names) == 3 else ("", names[1])
    kind, number = layer[:-1], layer[-1]
    return f"{block}_{number}_{kind}" if block else f"conv1_{kind}"


def resnet_variables(value_of):
    """Return every variable of the network from Keras'; `value_of` takes a layer and an index."""
    used = set()

    def read(path, shape):
        _, *names, part = [key.key for key in path]
        name = keras_name(tuple(names))
        index = (BATCH_NORM if name.endswith("_bn") else CONVOLUTION).index(part)
        used.add((name, index))
        value = value_of(name, index)
        assert value.shape == shape.shape, (name, part)
        if part == "mean":
            # The convolutions have no bias: those of Keras' cancel in the BatchNorm.
            bias = (name.removesuffix("bn") + "conv", 1)
            used.add(bias)
            value = value - value_of(*bias)
        return value

    variables = jax.tree_util.tree_map_with_path(read, resnet_shapes())
    all_of_keras = {
        (layer.name, index)
        for layer in keras_resnet().layers
        for index in range(len(layer.weights))
    }
    assert used == all_of_keras
    return variables


def layers_of(model):
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
