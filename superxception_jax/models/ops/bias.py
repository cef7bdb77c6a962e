"""Addition of a bias and an optional ReLU, with a custom gradient for the CPU."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from superxception_jax.models.ops.geometry import column_sums


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def fast_add_bias(x: jax.Array, bias: jax.Array, activation: str) -> jax.Array:
    """Return the input plus a bias for every channel.

    The gradient of the bias is a column sum, for which XLA:CPU emits a scalar loop. The mask of the
    ReLU follows from the result, so that x need not be kept.

    Args:
        x: f32[B,H,W,C].
        bias: f32[C].
        activation: Function applied to the result, "none" or "relu".

    Returns:
        f32[B,H,W,C].
    """
    return _forward(x, bias, activation)[0]


def _forward(
    x: jax.Array, bias: jax.Array, activation: str
) -> tuple[jax.Array, tuple[jax.Array | None]]:
    y = x + bias.reshape(1, 1, 1, -1)
    if activation == "none":
        return y, (None,)
    y = jnp.maximum(y, 0.0)
    return y, (y,)


def _backward(
    activation: str, residuals: tuple[jax.Array | None], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    (y,) = residuals
    if y is not None:
        gradient = jnp.where(y > 0.0, gradient, 0.0)
    # Used twice, by the sum and by the gradient of the preceding operation: computed once.
    gradient = jax.lax.optimization_barrier(gradient)
    sums = column_sums(lambda first, last: gradient[:, first:last], gradient.shape[1])
    return gradient, sums


fast_add_bias.defvjp(_forward, _backward)
