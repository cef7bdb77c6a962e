"""Dense convolution for the CPU, with a custom gradient and a form for one output channel.

With the compiler options of `training.compile`, XLA:CPU computes the convolution and the gradient
of the images at nearly the rate of a matrix product. Two cases remain slow and are handled here:
the gradient of the kernel, and a convolution to one output channel.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from superxception_jax.models.ops.geometry import (
    materialized_transpose,
    pad_image,
    shifted,
    window_pads,
)

_LAYOUT = ("NHWC", "HWIO", "NHWC")


def plain_convolution(x: jax.Array, kernel: jax.Array, stride: int, padding: str) -> jax.Array:
    """Return XLA's convolution, the best form on GPU and TPU.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[k,k,C,D].
        stride: Step of the window in px.
        padding: "SAME" or "VALID".

    Returns:
        f32[B,H',W',D].
    """
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), padding, dimension_numbers=_LAYOUT
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def fast_convolution(x: jax.Array, kernel: jax.Array, stride: int, padding: str) -> jax.Array:
    """Return the same as `plain_convolution`, computed faster on the CPU.

    A convolution to one output channel uses only one column of a matrix product; here its taps
    become the columns. For any other kernel the gradient is a convolution that sums over the batch;
    XLA:CPU would transpose the images inside another loop, up to eight times slower than
    separately.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[k,k,C,D].
        stride: Step of the window in px.
        padding: "SAME" or "VALID".

    Returns:
        f32[B,H',W',D].
    """
    return _forward(x, kernel, stride, padding)[0]


def _forward(
    x: jax.Array, kernel: jax.Array, stride: int, padding: str
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    if _has_one_output(kernel, stride):
        return _sum_of_taps(x, kernel, padding), (x, kernel)
    return plain_convolution(x, kernel, stride, padding), (x, kernel)


def _backward(
    stride: int, padding: str, residuals: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    if _has_one_output(kernel, stride):
        return _tap_gradients(x, kernel, padding, gradient)
    transpose = jax.linear_transpose(
        lambda value: plain_convolution(value, kernel, stride, padding), x
    )
    (x_gradient,) = transpose(gradient)
    return x_gradient, _kernel_gradient(x, kernel.shape[0], stride, padding, gradient)


def _kernel_gradient(
    x: jax.Array, size: int, stride: int, padding: str, gradient: jax.Array
) -> jax.Array:
    """Convolve the images, channels as batch, with the gradient, batch as input channels."""
    pads = window_pads(*x.shape[1:3], size=size, stride=stride, padding=padding)
    window = []
    for axis, (before, _) in enumerate(pads, 1):
        covered = (gradient.shape[axis] - 1) * stride + 1
        # A negative number crops the rows that no window covers.
        window.append((before, size - 1 + covered - x.shape[axis] - before))
    images = materialized_transpose(x, (3, 1, 2, 0))
    windows = materialized_transpose(gradient, (1, 2, 0, 3))
    kernel_gradient = jax.lax.conv_general_dilated(
        images, windows, (1, 1), window, rhs_dilation=(stride, stride), dimension_numbers=_LAYOUT
    )
    return kernel_gradient.transpose(1, 2, 0, 3)


def _has_one_output(kernel: jax.Array, stride: int) -> bool:
    size, _, channels, features = kernel.shape
    # With more taps than channels, the products would be larger than the input.
    return features == 1 and stride == 1 and size * size <= channels


def _sum_of_taps(x: jax.Array, kernel: jax.Array, padding: str) -> jax.Array:
    size = kernel.shape[0]
    taps = kernel.reshape(size * size, -1)
    (top, bottom), (left, right) = pads = window_pads(
        *x.shape[1:3], size=size, stride=1, padding=padding
    )
    output = (x.shape[1] + top + bottom - size + 1, x.shape[2] + left + right - size + 1)
    # One product applies every tap to all pixels; the resulting images are shifted and added.
    products = jax.lax.dot_general(taps, x, (((1,), (3,)), ((), ())))[..., None]
    # Buffers before and after, so that neither the product nor the sum absorbs the padding.
    products = jax.lax.optimization_barrier(products)
    products = jnp.pad(products, ((0, 0), (0, 0), *pads, (0, 0)))
    products = jax.lax.optimization_barrier(products)
    images = [
        shifted(products[row * size + column], row, column, output=output, stride=1)
        for row in range(size)
        for column in range(size)
    ]
    return functools.reduce(jnp.add, images)


def _tap_gradients(
    x: jax.Array, kernel: jax.Array, padding: str, gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    size = kernel.shape[0]
    height, width = x.shape[1:3]
    (top, bottom), (left, right) = window_pads(height, width, size=size, stride=1, padding=padding)
    edge = size - 1
    spread = pad_image(
        gradient, ((edge - top, edge - bottom), (edge - left, edge - right)), value=0.0
    )
    # Tap (i, j) of a pixel contributes to the output i rows and j columns before it.
    windows = [
        shifted(spread, edge - row, edge - column, output=(height, width), stride=1)
        for row in range(size)
        for column in range(size)
    ]
    stack = jax.lax.optimization_barrier(jnp.stack(windows)[..., 0])
    taps = kernel.reshape(size * size, -1)
    x_gradient = jax.lax.dot_general(stack, taps, (((0,), (0,)), ((), ())))
    kernel_gradient = jax.lax.dot_general(stack, x, (((1, 2, 3), (0, 1, 2)), ((), ())))
    return x_gradient, kernel_gradient.reshape(kernel.shape)


fast_convolution.defvjp(_forward, _backward)
