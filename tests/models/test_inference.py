from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.models.inference import make_predict, to_unit_range
from tests.quick import QUICK

SIDE = 8


def _images():
    return np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 1)).astype(np.uint8)


class _Linear(nn.Module):
    """Two classes, both ways up."""

    @nn.compact
    def __call__(self, images, *, train):
        return nn.Dense(4)(images.reshape(len(images), -1))


def _predict(input_px, test_views):
    images = jnp.zeros((1, input_px, input_px, 1))
    variables = _Linear().init(jax.random.key(0), images, train=False)
    predict = make_predict(_Linear(), input_px=input_px, test_views=test_views, precision="float32")
    compiled = jax.jit(predict, compiler_options=QUICK)
    return lambda images: np.asarray(compiled(variables, images))


def test_predict_gives_log_probabilities_and_ignores_the_other_images():
    predict, images = _predict(SIDE + 2, "one"), _images()
    all_at_once = predict(images)
    np.testing.assert_allclose(np.exp(all_at_once).sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(predict(images[2:3])[0], all_at_once[2], atol=1e-5)


def test_both_views_are_the_mean_of_the_image_and_its_rotated_copy():
    images = _images()
    one, both = _predict(SIDE, "one"), _predict(SIDE, "both")
    upright, rotated = one(images), one(images[:, ::-1, ::-1])
    mean = (upright + rotated[:, [2, 3, 0, 1]]) / 2
    mean -= np.log(np.exp(mean).sum(axis=1, keepdims=True))
    found = both(images)
    np.testing.assert_allclose(found, mean, atol=1e-5)
    # Rotating the image exchanges the halves and changes nothing else.
    other = both(images[:, ::-1, ::-1])
    np.testing.assert_allclose(other[:, [2, 3, 0, 1]], found, atol=1e-5)


def test_unit_range():
    images = np.array([0, 51, 255], np.uint8).reshape(1, 1, 3, 1)
    np.testing.assert_allclose(to_unit_range(jnp.asarray(images)).ravel(), [0.0, 0.2, 1.0])
