"""Our ResNet-50 against `keras.applications.ResNet50`, with random weights copied over."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from superxception_jax.models.resnet import ResNet50
from tests.models.keras.quick_keras import weights_given_later

CLASSES = 5
EVEN_PX, ODD_PX = 64, 71
QUICK = {"xla_backend_optimization_level": 0}
# Order of the weights of a Keras layer.
CONVOLUTION, BATCH_NORM = ("kernel", "bias"), ("scale", "bias", "mean", "var")


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


def keras_name(names):
    """Return Keras' name of a layer of ours: conv2_block1/bn0 → conv2_block1_0_bn."""
    if names == ("head",):
        return "predictions"
    block, layer = names[1:] if len(names) == 3 else ("", names[1])
    kind, number = layer[:-1], layer[-1]
    return f"{block}_{number}_{kind}" if block else f"conv1_{kind}"


def our_resnet():
    return ResNet50(
        classes=CLASSES,
        width_multiplier=1.0,
        momentum=0.99,
        dropout_rate=0.0,
        implementation="fast",
    )


@functools.cache
def our_shapes():
    images = jnp.zeros((1, EVEN_PX, EVEN_PX, 3))
    return jax.eval_shape(lambda: our_resnet().init(jax.random.key(0), images, train=False))


def read_ours(value_of):
    """Take every variable of ours from Keras'; `value_of` (layer name, index) gives a value."""
    used = set()

    def read(path, shape):
        _, *names, part = [key.key for key in path]
        name = keras_name(tuple(names))
        index = (BATCH_NORM if name.endswith("_bn") else CONVOLUTION).index(part)
        used.add((name, index))
        value = value_of(name, index)
        assert value.shape == shape.shape, (name, part)
        if part == "mean":
            # Our convolutions have no bias: BatchNorm takes Keras' away again.
            bias = (name.removesuffix("bn") + "conv", 1)
            used.add(bias)
            value = value - value_of(*bias)
        return value

    variables = jax.tree_util.tree_map_with_path(read, our_shapes())
    all_of_keras = {
        (layer.name, index)
        for layer in keras_resnet().layers
        for index in range(len(layer.weights))
    }
    assert used == all_of_keras
    return variables


def draw_images(size):
    return np.random.default_rng(size).uniform(size=(2, size, size, 3)).astype(np.float32)


def keras_outputs(size, *, train):
    """Return pooled features, logits, and the state after the step by variable path."""
    model = keras_resnet()
    call = functools.partial(model.stateless_call, training=train)
    with jax.numpy_rank_promotion("allow"):
        (features, logits), state = jax.jit(call, compiler_options=QUICK)(
            [variable.value for variable in model.trainable_variables],
            [variable.value for variable in model.non_trainable_variables],
            2.0 * draw_images(size) - 1.0,
        )
    paths = [variable.path for variable in model.non_trainable_variables]
    return features, logits, dict(zip(paths, map(np.asarray, state), strict=True))


def our_outputs(size, *, train):
    model = our_resnet()

    def features_and_logits(module, images):
        features = module.features(images, train=train)
        return features, module.head(features)

    def call(variables, images):
        return model.apply(variables, images, method=features_and_logits, mutable=["batch_stats"])

    variables = read_ours(
        lambda name, index: np.asarray(keras_resnet().get_layer(name).weights[index])
    )
    return jax.jit(call, compiler_options=QUICK)(variables, draw_images(size))


@pytest.mark.parametrize("size", [EVEN_PX, ODD_PX])
def test_inference_equals_keras(size):
    features, logits, _ = keras_outputs(size, train=False)
    (our_features, our_logits), _ = our_outputs(size, train=False)
    assert np.std(features) > 0.01
    np.testing.assert_allclose(our_features, features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(our_logits, logits, rtol=1e-4, atol=1e-4)


def test_training_mode_equals_keras():
    features, logits, state = keras_outputs(ODD_PX, train=True)
    (our_features, our_logits), our_state = our_outputs(ODD_PX, train=True)
    np.testing.assert_allclose(our_features, features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(our_logits, logits, rtol=1e-4, atol=1e-4)

    def new_value(name, index):
        variable = keras_resnet().get_layer(name).weights[index]
        return np.asarray(state.get(variable.path, variable))

    expected = read_ours(new_value)["batch_stats"]
    jax.tree.map(
        functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-4),
        our_state["batch_stats"],
        expected,
    )


def test_published_parameter_count():
    images = jnp.zeros((1, 224, 224, 3))
    model = our_resnet().clone(classes=1000)
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), images, train=False))
    # Keras' 25,636,712 hold the statistics and the biases of the convolutions, too.
    statistics = sum(leaf.size for leaf in jax.tree.leaves(shapes["batch_stats"]))
    biases = statistics // 2
    assert statistics == 53_120
    count = sum(leaf.size for leaf in jax.tree.leaves(shapes["params"]))
    assert count == 25_557_032 == 25_636_712 - statistics - biases
