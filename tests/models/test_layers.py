from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from superxception_jax.models import layers
from superxception_jax.models.layers import BatchNorm, Convolution, SeparableConvolution


def dense_convolution(size, use_bias, activation="none"):
    return Convolution(
        2,
        size=size,
        stride=1,
        padding="SAME",
        use_bias=use_bias,
        activation=activation,
        kernel_init=nn.initializers.ones,
        implementation="plain",
    )


@pytest.mark.parametrize(("size", "corner", "centre"), [(1, 1.0, 1.0), (3, 4.0, 9.0)])
def test_convolution_adds_up_the_window(size, corner, centre):
    layer = dense_convolution(size, use_bias=True)
    images = jnp.ones((1, 3, 3, 1))
    variables = layer.init(jax.random.key(0), images)
    variables["params"]["bias"] = jnp.asarray([0.0, 10.0])
    y = layer.apply(variables, images)
    np.testing.assert_allclose(y[0, 0, 0], [corner, corner + 10])
    np.testing.assert_allclose(y[0, 1, 1], [centre, centre + 10])


@pytest.mark.parametrize("use_bias", [True, False])
def test_convolution_ends_with_its_activation(use_bias):
    layer = dense_convolution(1, use_bias, activation="relu")
    images = jnp.asarray([-3.0, 2.0]).reshape(2, 1, 1, 1)
    y = layer.apply(layer.init(jax.random.key(0), images), images)
    np.testing.assert_array_equal(y[..., 0].ravel(), [0.0, 2.0])


@pytest.mark.parametrize("use_bias", [True, False])
def test_an_unknown_activation_is_refused(use_bias):
    layer = dense_convolution(1, use_bias, activation="gelu")
    with pytest.raises(ValueError, match=r"`activation` must be one of .*got 'gelu'"):
        layer.init(jax.random.key(0), jnp.zeros((1, 1, 1, 1)))


def test_convolution_has_no_bias_unless_asked():
    variables = dense_convolution(3, use_bias=False).init(jax.random.key(0), jnp.ones((1, 3, 3, 1)))
    assert set(variables["params"]) == {"kernel"}


def test_separable_convolution_mixes_after_filtering():
    layer = SeparableConvolution(1, "fast")
    images = jnp.stack([jnp.eye(3), 2 * jnp.ones((3, 3))], -1)[None]
    params = {
        "depthwise_kernel": jnp.ones((3, 3, 2)),
        "pointwise_kernel": jnp.asarray([[1.0], [10.0]]),
    }
    y = np.asarray(layer.apply({"params": params}, images))
    # Centre: three ones of the diagonal, and nine twos weighted by ten.
    assert float(y[0, 1, 1, 0]) == 3 + 180
    assert float(y[0, 0, 0, 0]) == 2 + 80


def test_separable_convolution_starts_like_keras():
    layer, images = SeparableConvolution(64, "fast"), jnp.ones((1, 3, 3, 64))
    params = jax.device_get(jax.jit(layer.init)(jax.random.key(0), images))["params"]
    # Glorot's bound for the shape (3, 3, 64, 1) and for (64, 64).
    bounds = {"depthwise_kernel": (6 / (9 * 65)) ** 0.5, "pointwise_kernel": (6 / 128) ** 0.5}
    for name, bound in bounds.items():
        assert 0.95 * bound < np.abs(params[name]).max() <= bound


@pytest.mark.parametrize("implementation", ["plain", "fast"])
def test_batch_norm_moves_its_statistics_by_the_momentum(implementation):
    layer = BatchNorm(0.75, "none", implementation, 1e-3)
    x = jnp.asarray([1.0, 3.0, 5.0, 7.0]).reshape(4, 1, 1, 1)  # mean 4, variance 5
    variables = layer.init(jax.random.key(0), x, train=True)
    assert float(variables["batch_stats"]["mean"][0]) == 0.0
    y, state = layer.apply(variables, x, train=True, mutable=["batch_stats"])
    np.testing.assert_allclose(state["batch_stats"]["mean"], [1.0])
    np.testing.assert_allclose(state["batch_stats"]["var"], [0.75 + 0.25 * 5])
    np.testing.assert_allclose(y.ravel(), (np.array([1, 3, 5, 7]) - 4) / 5.001**0.5, rtol=1e-6)


def test_batch_norm_uses_running_statistics_in_evaluation():
    layer = BatchNorm(0.9, "relu", "fast", 1e-3)
    x = jnp.asarray([1.0, 5.0]).reshape(2, 1, 1, 1)
    variables = {
        "params": {"scale": jnp.asarray([2.0]), "bias": jnp.asarray([1.0])},
        "batch_stats": {"mean": jnp.asarray([3.0]), "var": jnp.asarray([4 - 1e-3])},
    }
    y, state = layer.apply(variables, x, train=False, mutable=["batch_stats"])
    np.testing.assert_allclose(y.ravel(), [0.0, 3.0], rtol=1e-6)  # (±2/2)·2 + 1, then ReLU
    assert float(state["batch_stats"]["mean"][0]) == 3.0


def test_global_average_pool_by_hand():
    x = jnp.arange(8.0).reshape(1, 2, 2, 2)
    np.testing.assert_allclose(layers.global_average_pool(x), [[3.0, 4.0]])
    with pytest.raises(ValueError, match=r"`x` must be compute\[B,H,W,C\], got shape \(2, 2\)"):
        layers.global_average_pool(jnp.ones((2, 2)))
