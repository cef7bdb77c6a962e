"""Batch normalisation and an optional ReLU, with a custom gradient for the CPU."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from superxception_jax.models.ops.geometry import column_sums

Statistics = tuple[jax.Array, jax.Array]


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def fast_normalize_batch(
    x: jax.Array, scale: jax.Array, bias: jax.Array, epsilon: float, activation: str
) -> tuple[jax.Array, Statistics]:
    """Normalise every channel by its statistics over the batch.

    Column sums are scalar loops in XLA:CPU. The gradient is an affine expression of the input and
    the incoming gradient, and the mask of the ReLU is recomputed from the input, so that nothing
    else needs to be kept.

    Args:
        x: f32[B,H,W,C].
        scale: f32[C].
        bias: f32[C].
        epsilon: Constant added to the variance.
        activation: Function applied to the result, "none" or "relu".

    Returns:
        f32[B,H,W,C], and the statistics (mean f32[C], biased variance f32[C]). No
        gradient flows through the statistics.
    """
    return _forward(x, scale, bias, epsilon, activation)[0]


def _forward(
    x: jax.Array, scale: jax.Array, bias: jax.Array, epsilon: float, activation: str
) -> tuple[tuple[jax.Array, Statistics], tuple[jax.Array, ...]]:
    batch, height, width, _ = x.shape
    count = batch * height * width
    mean = column_sums(lambda first, last: x[:, first:last], height) / count
    squares = column_sums(lambda first, last: jnp.square(x[:, first:last]), height) / count
    variance = jnp.maximum(squares - jnp.square(mean), 0.0)
    inverse = jax.lax.rsqrt(variance + epsilon)
    y = _affine(x, scale * inverse, bias - mean * scale * inverse)
    if activation == "relu":
        y = jnp.maximum(y, 0.0)
    return (y, (mean, variance)), (x, scale, bias, mean, inverse)


def _backward(
    epsilon: float,
    activation: str,
    residuals: tuple[jax.Array, ...],
    gradients: tuple[jax.Array, Statistics],
) -> tuple[jax.Array, jax.Array, jax.Array]:
    del epsilon  # it is part of `inverse`
    x, scale, bias, mean, inverse = residuals
    # Used three times: without the barrier XLA recomputes the incoming gradient for each use.
    gradient = jax.lax.optimization_barrier(gradients[0])
    batch, height, width, _ = x.shape
    count = batch * height * width
    slope, offset = scale * inverse, bias - mean * scale * inverse

    def masked(first: int, last: int) -> jax.Array:
        rows = gradient[:, first:last]
        if activation == "relu":
            rows = jnp.where(_affine(x[:, first:last], slope, offset) > 0.0, rows, 0.0)
        return rows

    bias_gradient = column_sums(masked, height)
    products = column_sums(lambda first, last: masked(first, last) * x[:, first:last], height)
    scale_gradient = (products - mean * bias_gradient) * inverse
    # slope · (g − mean(g) − x̂ · mean(g x̂)), written as one affine expression.
    x_factor = -slope * inverse * scale_gradient / count
    constant = -slope * bias_gradient / count - x_factor * mean
    wide = (1, 1, 1, -1)
    x_gradient = masked(0, height) * slope.reshape(wide) + _affine(x, x_factor, constant)
    return x_gradient, scale_gradient, bias_gradient


def _affine(x: jax.Array, slope: jax.Array, offset: jax.Array) -> jax.Array:
    return x * slope.reshape(1, 1, 1, -1) + offset.reshape(1, 1, 1, -1)


fast_normalize_batch.defvjp(_forward, _backward)
