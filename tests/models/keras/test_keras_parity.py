"""Our Xception against `keras.applications.Xception`, with weights copied both ways."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from superxception_jax.models.xception import Xception
from tests.models.keras.quick_keras import weights_given_later

CLASSES = 5
MODULES = 8
QUICK = {"xla_backend_optimization_level": 0}
PARTS = {
    "kernel": 0,
    "bias": 1,
    "depthwise_kernel": 0,
    "pointwise_kernel": 1,
    "scale": 0,
    "mean": 2,
    "var": 3,
}


@functools.cache
def keras_xception():
    with weights_given_later():
        return keras.applications.Xception(
            weights=None, input_shape=(71, 71, 3), classes=CLASSES, classifier_activation=None
        )


@functools.cache
def our_xception(middle_flow):
    model = Xception(
        classes=CLASSES,
        width_multiplier=1.0,
        middle_modules=MODULES,
        middle_flow=middle_flow,
        momentum=0.99,
        dropout_rate=0.0,
        implementation="fast",
    )
    shapes = jax.eval_shape(
        lambda: model.init(jax.random.key(0), jnp.zeros((1, 71, 71, 3)), train=False)
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
    """Draw a value that tells mistakes apart: no zero bias, no variance of one."""
    part = path[-1].key
    if part in ("scale", "var"):
        return generator.uniform(0.5, 1.5, shape)
    if part in ("bias", "mean"):
        return generator.normal(0, 0.1, shape)
    inputs = np.prod(shape[:2]) if part == "depthwise_kernel" else np.prod(shape[:-1])
    return generator.normal(0, inputs**-0.5, shape)


@functools.cache
def shared_variables():
    """Draw all variables, give them to Keras, and read them back from Keras."""
    _, shapes = our_xception("unrolled")
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
    ordered = [blocks[f"block{index + 5}"] for index in range(MODULES)]
    stacked = jax.tree.map(lambda *values: np.stack(values), *ordered)
    middle_flow = {"blocks": {"block": stacked}}
    return {**tree, "backbone": {**tree["backbone"], "middle_flow": middle_flow}}


@functools.cache
def images():
    return np.random.default_rng(1).uniform(size=(2, 71, 71, 3)).astype(np.float32)


@functools.cache
def keras_outputs(train):
    """Return pooled features, logits, and the state after the step."""
    model = keras_xception()
    both = keras.Model(model.inputs, [model.get_layer("avg_pool").output, *model.outputs])
    call = functools.partial(both.stateless_call, training=train)
    with jax.numpy_rank_promotion("allow"):
        (features, logits), state = jax.jit(call, compiler_options=QUICK)(
            [variable.value for variable in both.trainable_variables],
            [variable.value for variable in both.non_trainable_variables],
            2.0 * images() - 1.0,
        )
    names = [variable.path for variable in both.non_trainable_variables]
    return np.asarray(features), np.asarray(logits), dict(zip(names, state, strict=True))


def our_outputs(middle_flow, train):
    model, _ = our_xception(middle_flow)
    variables = {name: dict(tree) for name, tree in shared_variables().items()}
    if middle_flow == "scan":
        variables = {name: stack_middle(tree) for name, tree in variables.items()}

    def features_and_logits(module, images):
        features = module.features(images, train=train)
        return features, module.head(features)

    def call(variables, images):
        return model.apply(variables, images, method=features_and_logits, mutable=["batch_stats"])

    return jax.jit(call, compiler_options=QUICK)(variables, images())


def test_inference_equals_keras():
    shared_variables()
    features, logits, _ = keras_outputs(False)
    (our_features, our_logits), _ = our_outputs("scan", False)
    assert features.std() > 0.01
    np.testing.assert_allclose(our_features, features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(our_logits, logits, rtol=1e-4, atol=1e-4)


def test_training_mode_equals_keras():
    shared_variables()
    features, logits, keras_state = keras_outputs(True)
    (our_features, our_logits), our_state = our_outputs("unrolled", True)
    np.testing.assert_allclose(our_features, features, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(our_logits, logits, rtol=1e-4, atol=1e-3)

    def compare(path, value):
        expected = keras_state[keras_weight(path).path]
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)

    jax.tree_util.tree_map_with_path(compare, our_state)


@pytest.mark.parametrize("middle_flow", ["scan", "unrolled"])
def test_published_parameter_counts(middle_flow):
    model, _ = our_xception(middle_flow)
    shapes = jax.eval_shape(
        lambda: model.clone(classes=1000).init(
            jax.random.key(0), jnp.zeros((1, 299, 299, 3)), train=False
        )
    )

    def count(tree):
        return sum(leaf.size for leaf in jax.tree.leaves(tree))

    # Keras publishes 22,910,480 = trainable 22,855,952 + BatchNorm statistics 54,528.
    assert count(shapes["params"]) == 22_855_952
    assert count(shapes["batch_stats"]) == 54_528
    without_top = count(shapes["params"]["backbone"]) + count(shapes["batch_stats"])
    assert without_top == 20_861_480
