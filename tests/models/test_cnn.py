from __future__ import annotations

import jax
import keras
import numpy as np
import pytest

from superxception_jax.models.cnn import DeepCNN
from tests.models.keras.networks import CLASSES, weights_given_later
from tests.models.keras.plain import apply, draw_images, draw_params


def make_deep_cnn():
    return DeepCNN(classes=CLASSES, width_multiplier=1.0, dropout_rate=0.0, implementation="fast")


@pytest.mark.parametrize("size", [71, 140])
def test_deep_cnn_equals_keras(size):
    params, images = draw_params(make_deep_cnn(), size), draw_images(size)
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
    logits = apply(make_deep_cnn(), params, images)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
