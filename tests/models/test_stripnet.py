from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.stripnet import StripNet, middle_columns
from tests.quick import QUICK

SIDE = 50


def network(implementation="plain", stem_stride=1):
    return StripNet(
        classes=5,
        width_multiplier=0.25,
        stem_stride=stem_stride,
        momentum=0.9,
        dropout_rate=0.0,
        implementation=implementation,
    )


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(size=(3, SIDE, SIDE, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def variables(images):
    return jax.jit(
        lambda images: network().init(jax.random.key(0), images, train=False),
        compiler_options=QUICK,
    )(images)


@pytest.fixture(scope="module")
def classify():
    return jax.jit(
        lambda variables, images: network().apply(variables, images, train=False),
        compiler_options=QUICK,
    )


def test_only_the_middle_columns_count(images, variables, classify):
    other = images.copy()
    other[:, :, :9] = 0.0
    other[:, :, 41:] = 1.0
    np.testing.assert_array_equal(classify(variables, other), classify(variables, images))
    other[:, :, 9] = 0.0
    assert np.abs(classify(variables, other) - classify(variables, images)).max() > 1e-6


@pytest.mark.parametrize(("width", "expected"), [(50, 32), (71, 45), (227, 145)])
def test_the_strip_lies_in_the_middle(width, expected):
    columns = jnp.broadcast_to(jnp.arange(float(width))[None, None, :, None], (1, 2, width, 1))
    strip = middle_columns(columns)[0, 0, :, 0]
    assert strip.shape == (expected,)
    assert float(strip.mean()) == pytest.approx((width - 1) / 2)


def test_features_keep_the_place_along_the_axis(variables):
    """A band moves the features of its rows; an average over the axis would hide its place."""

    def features(row):
        image = np.zeros((1, SIDE, SIDE, 1), np.float32)
        image[:, row : row + 3] = 1.0
        return network().apply(variables, image, train=False, method="features").reshape(7, -1)

    blank = network().apply(
        variables, np.zeros((1, SIDE, SIDE, 1), np.float32), train=False, method="features"
    )
    for row, place in ((2, 0), (45, 6)):
        change = np.abs(features(row) - blank.reshape(7, -1)).sum(axis=1)
        assert change.argmax() in (place, abs(place - 1))
        assert change[6 - place] < 0.2 * change.max()


def test_a_larger_canvas_read_in_steps_of_two_has_the_features_of_a_small_one(variables):
    """Only the first window differs, so that a canvas of 100 px costs hardly more than 50."""
    large = network(stem_stride=2)
    shapes = jax.eval_shape(
        lambda x: large.init(jax.random.key(0), x, train=False), jnp.zeros((1, 100, 100, 1))
    )
    kernels = jax.tree.map(lambda leaf: leaf.shape, (shapes["params"], variables["params"]))
    assert kernels[0]["backbone"]["stem1"].pop("kernel") == (5, 5, 1, 8)
    assert kernels[1]["backbone"]["stem1"].pop("kernel") == (3, 3, 1, 8)
    assert kernels[0] == kernels[1]


def test_both_forms_agree_in_training(images, variables):
    def losses(implementation):
        def loss(params):
            logits, _ = network(implementation).apply(
                {**variables, "params": params}, images, train=True, mutable=["batch_stats"]
            )
            return (jax.nn.log_softmax(logits)[:, 0]).mean()

        return jax.jit(jax.value_and_grad(loss), compiler_options=QUICK)(variables["params"])

    (plain, plain_gradients), (fast, fast_gradients) = losses("plain"), losses("fast")
    assert plain == pytest.approx(float(fast), abs=1e-5)
    for one, other in zip(
        jax.tree.leaves(plain_gradients), jax.tree.leaves(fast_gradients), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=2e-4)


def test_small_images_are_refused(variables):
    with pytest.raises(ValueError, match=r"must be at least 24 px high and wide, got 20×20"):
        network().apply(variables, np.zeros((1, 20, 20, 1), np.float32), train=False)
