from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.models.keras.networks import (
    RESNET_PX,
    keras_resnet,
    make_resnet,
    resnet_variables,
)
from tests.quick import QUICK

ODD_PX = 71


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


def network_outputs(size, *, train):
    model = make_resnet()

    def features_and_logits(module, images):
        features = module.features(images, train=train)
        return features, module.head(features)

    def call(variables, images):
        return model.apply(variables, images, method=features_and_logits, mutable=["batch_stats"])

    variables = resnet_variables(
        lambda name, index: np.asarray(keras_resnet().get_layer(name).weights[index])
    )
    return jax.jit(call, compiler_options=QUICK)(variables, draw_images(size))


@pytest.mark.parametrize("size", [RESNET_PX, ODD_PX])
def test_inference_equals_keras(size):
    features, logits, _ = keras_outputs(size, train=False)
    (found_features, found_logits), _ = network_outputs(size, train=False)
    assert np.std(features) > 0.01
    np.testing.assert_allclose(found_features, features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found_logits, logits, rtol=1e-4, atol=1e-4)


def test_training_mode_equals_keras():
    features, logits, state = keras_outputs(ODD_PX, train=True)
    (found_features, found_logits), found_state = network_outputs(ODD_PX, train=True)
    np.testing.assert_allclose(found_features, features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found_logits, logits, rtol=1e-4, atol=1e-4)

    def new_value(name, index):
        variable = keras_resnet().get_layer(name).weights[index]
        return np.asarray(state.get(variable.path, variable))

    expected = resnet_variables(new_value)["batch_stats"]
    jax.tree.map(
        functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-4),
        found_state["batch_stats"],
        expected,
    )


def test_published_parameter_count():
    images = jnp.zeros((1, 224, 224, 3))
    model = make_resnet().clone(classes=1000)
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), images, train=False))
    # Keras' 25,636,712 hold the statistics and the biases of the convolutions, too.
    statistics = sum(leaf.size for leaf in jax.tree.leaves(shapes["batch_stats"]))
    biases = statistics // 2
    assert statistics == 53_120
    count = sum(leaf.size for leaf in jax.tree.leaves(shapes["params"]))
    assert count == 25_557_032 == 25_636_712 - statistics - biases
