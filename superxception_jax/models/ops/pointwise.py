"""1×1 convolution as a matrix product, with gradients computed from buffers, for the CPU."""

from __future__ import annotations

import jax
import jax.numpy as jnp


@jax.custom_vjp
def fast_pointwise_convolution(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Mix the channels of every pixel.

    XLA:CPU lowers the gradient of the kernel as a general convolution, and writes a transposed copy
    of anything that it can fuse into a product.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[C,D].

    Returns:
        f32[B,H,W,D].
    """
    return jnp.dot(x, kernel)


def _forward(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return jnp.dot(x, kernel), (x, kernel)


def _backward(
    residuals: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    # A product transposes a buffer fast; without the barrier XLA fuses the computation of the
    # first factor into a transposed copy, a loop with large strides.
    x, gradient = jax.lax.optimization_barrier((x, gradient))
    x_gradient = jax.lax.dot_general(gradient, kernel, (((3,), (1,)), ((), ())))
    kernel_gradient = jax.lax.dot_general(x, gradient, (((0, 1, 2), (0, 1, 2)), ((), ())))
    return x_gradient, kernel_gradient


fast_pointwise_convolution.defvjp(_forward, _backward)
