from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from superxception_jax.models.alexnet import AlexNet, normalize_responses
from tests.models.keras.networks import CLASSES, weights_given_later
from tests.models.keras.plain import apply, draw_images, draw_params

# Leaves two rows and columns before the hidden layers, so that their order matters.
SIDE_PX = 99


def make_alexnet(classes=CLASSES):
    return AlexNet(classes=classes, width_multiplier=1.0, dropout_rate=0.0, implementation="fast")


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
    """Apply a Keras layer with parameters of the network."""
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
    params, images = draw_params(make_alexnet(), SIDE_PX), draw_images(SIDE_PX)
    with jax.numpy_rank_promotion("allow"):
        expected = np.asarray(krizhevsky(params, images))
    assert expected.std() > 0.01
    logits = apply(make_alexnet(), params, images)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)


def test_alexnet_has_the_published_number_of_parameters():
    images = jnp.zeros((1, 227, 227, 3))
    model = make_alexnet(classes=1000)
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), images, train=False))
    assert sum(leaf.size for leaf in jax.tree.leaves(shapes["params"])) == 60_965_224


@pytest.mark.parametrize("channels", [3, 8])
def test_responses_are_normalised_over_five_channels(channels):
    # Large enough for the sum of squares to matter next to the 2.
    x = 100 * np.random.default_rng(0).standard_normal((2, 3, 4, channels)).astype(np.float32)
    np.testing.assert_allclose(normalize_responses(jnp.asarray(x)), normalize_by_hand(x), rtol=1e-5)
