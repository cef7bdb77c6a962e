"""Our AlexNet and Deep CNN against the same networks of Keras' layers, weights copied over."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from superxception_jax.models.alexnet import AlexNet, normalize_responses
from superxception_jax.models.cnn import DeepCNN
from tests.models.keras.quick_keras import weights_given_later

CLASSES = 5
QUICK = {"xla_backend_optimization_level": 0}
# Leaves two rows and columns in front of the hidden layers, whose order then shows.
ALEXNET_PX, CNN_PX = 99, 140


def our_alexnet(classes=CLASSES):
    return AlexNet(classes=classes, width_multiplier=1.0, dropout_rate=0.0, implementation="fast")


def our_deep_cnn():
    return DeepCNN(classes=CLASSES, width_multiplier=1.0, dropout_rate=0.0, implementation="fast")


def draw_params(model, size):
    """Draw parameters of which none is zero."""
    images = jnp.zeros((1, size, size, 3))
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), images, train=False))
    generator = np.random.default_rng(0)

    def draw(leaf):
        scale = np.prod(leaf.shape[:-1]) ** -0.5 if leaf.ndim > 1 else 0.1
        return (scale * generator.standard_normal(leaf.shape, dtype=np.float32)).astype(np.float32)

    return jax.tree.map(draw, shapes["params"])


def draw_images(size):
    return np.random.default_rng(size).uniform(size=(2, size, size, 3)).astype(np.float32)


def apply_ours(model, params, images):
    call = functools.partial(model.apply, train=False)
    return jax.jit(call, compiler_options=QUICK)({"params": params}, images)


def normalize_by_hand(x):
    """Divide by (2 + 1e-4 Σ x²)^0.75, the sum over each channel and two to both sides."""
    x = np.asarray(x, np.float64)
    result = np.empty_like(x)
    for channel in range(x.shape[-1]):
        neighbours = x[..., max(0, channel - 2) : channel + 3]
        scale = (2.0 + 1e-4 * (neighbours**2).sum(-1)) ** 0.75
        result[..., channel] = x[..., channel] / scale
    return result.astype(np.float32)


def give(layer, params, images):
    """Apply a Keras layer with parameters of ours."""
    with weights_given_later():
        layer.build(images.shape)
    kernels = [group for name, group in sorted(params.items()) if name.startswith("group")]
    kernels = kernels or [params]
    layer.set_weights(
        [np.concatenate([part[name] for part in kernels], axis=-1) for name in ("kernel", "bias")]
    )
    return layer(images)


def krizhevsky(params, images):
    """Assemble figure 2 of Krizhevsky et al. 2012 from Keras' layers."""

    def convolve(name, filters, size, x, **options):
        layer = keras.layers.Conv2D(filters, size, activation="relu", **options)
        return give(layer, params[name], x)

    def pool(x):
        return keras.layers.MaxPooling2D(3, 2, padding="valid")(x)

    x = pool(normalize_by_hand(convolve("conv1", 96, 11, 2.0 * images - 1.0, strides=4)))
    x = pool(normalize_by_hand(convolve("conv2", 256, 5, x, padding="same", groups=2)))
    x = convolve("conv3", 384, 3, x, padding="same")
    x = convolve("conv4", 384, 3, x, padding="same", groups=2)
    x = pool(convolve("conv5", 256, 3, x, padding="same", groups=2))
    x = keras.layers.Flatten()(x)
    x = give(keras.layers.Dense(4096, activation="relu"), params["hidden6"], x)
    x = give(keras.layers.Dense(4096, activation="relu"), params["hidden7"], x)
    return give(keras.layers.Dense(CLASSES), params["head"], x)


def test_alexnet_equals_keras():
    params, images = draw_params(our_alexnet(), ALEXNET_PX), draw_images(ALEXNET_PX)
    with jax.numpy_rank_promotion("allow"):
        expected = np.asarray(krizhevsky(params, images))
    assert expected.std() > 0.01
    logits = apply_ours(our_alexnet(), params, images)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)


def test_alexnet_has_the_published_number_of_parameters():
    images = jnp.zeros((1, 227, 227, 3))
    model = our_alexnet(classes=1000)
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), images, train=False))
    assert sum(leaf.size for leaf in jax.tree.leaves(shapes["params"])) == 60_965_224


@pytest.mark.parametrize("channels", [3, 8])
def test_responses_are_normalised_over_five_channels(channels):
    # Large enough for the sum of squares to count beside the 2.
    x = 100 * np.random.default_rng(0).standard_normal((2, 3, 4, channels)).astype(np.float32)
    np.testing.assert_allclose(normalize_responses(jnp.asarray(x)), normalize_by_hand(x), rtol=1e-5)


@pytest.mark.parametrize("size", [71, CNN_PX])
def test_deep_cnn_equals_keras(size):
    params, images = draw_params(our_deep_cnn(), size), draw_images(size)
    layers = []
    for channels in (16, 16, 32, 64, 128, 256):
        layers.append(keras.layers.Conv2D(channels, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D(2))
    layers.append(keras.layers.Flatten())
    layers += [keras.layers.Dense(units, activation="sigmoid") for units in (1024, 512)]
    layers.append(keras.layers.Dense(CLASSES))
    with weights_given_later():
        model = keras.Sequential([keras.Input((size, size, 3)), *layers])
    names = [f"convolutions_{index}" for index in range(6)] + ["hidden_0", "hidden_1", "head"]
    model.set_weights([params[name][part] for name in names for part in ("kernel", "bias")])
    with jax.numpy_rank_promotion("allow"):
        expected = np.asarray(model(images))
    assert expected.std() > 0.01
    logits = apply_ours(our_deep_cnn(), params, images)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
