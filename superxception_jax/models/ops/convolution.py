"""Dense convolution for the CPU: an own gradient of the kernel, and a form for one feature.

With the compiler options of `training.compile`, XLA:CPU runs the convolution and the gradient
of the image near the machine's matrix rate. Two cases are left to us.
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
    """Convolve with XLA's own convolution.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[k,k,C,D].
        stride: step of the window, in px.
        padding: "SAME" or "VALID".

    Returns:
        f32[B,H',W',D].

    Source: `jax.lax.conv_general_dilated`; the right form on GPU and TPU.
    """
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), padding, dimension_numbers=_LAYOUT
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def fast_convolution(x: jax.Array, kernel: jax.Array, stride: int, padding: str) -> jax.Array:
    """Convolve as `plain_convolution` does.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[k,k,C,D].
        stride: step of the window, in px.
        padding: "SAME" or "VALID".

    Returns:
        f32[B,H',W',D].

    Source: ours. A convolution to one feature leaves a matrix unit with one column: its
        taps are made the columns instead. The gradient of any other kernel is a convolution
        that sums over the batch, for which XLA:CPU transposes the images inside another
        loop, up to eight times slower than alone.
    """
    return _forward(x, kernel, stride, padding)[0]


def _forward(
    x: jax.Array, kernel: jax.Array, stride: int, padding: str
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    if _has_one_feature(kernel, stride):
        return _sum_of_taps(x, kernel, padding), (x, kernel)
    return plain_convolution(x, kernel, stride, padding), (x, kernel)


def _backward(
    stride: int, padding: str, residuals: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    if _has_one_feature(kernel, stride):
        return _tap_gradients(x, kernel, padding, gradient)
    transpose = jax.linear_transpose(
        lambda value: plain_convolution(value, kernel, stride, padding), x
    )
    (x_gradient,) = transpose(gradient)
    return x_gradient, _kernel_gradient(x, kernel.shape[0], stride, padding, gradient)


def _kernel_gradient(
    x: jax.Array, size: int, stride: int, padding: str, gradient: jax.Array
) -> jax.Array:
    """Convolve the images with the gradient; channels and features become batch and channels."""
    pads = window_pads(*x.shape[1:3], size=size, stride=stride, padding=padding)
    window = []
    for axis, (before, _) in enumerate(pads, 1):
        covered = (gradient.shape[axis] - 1) * stride + 1
        # A negative number cuts off the rows that no window reads.
        window.append((before, size - 1 + covered - x.shape[axis] - before))
    images = materialized_transpose(x, (3, 1, 2, 0))
    windows = materialized_transpose(gradient, (1, 2, 0, 3))
    kernel_gradient = jax.lax.conv_general_dilated(
        images, windows, (1, 1), window, rhs_dilation=(stride, stride), dimension_numbers=_LAYOUT
    )
    return kernel_gradient.transpose(1, 2, 0, 3)


def _has_one_feature(kernel: jax.Array, stride: int) -> bool:
    size, _, channels, features = kernel.shape
    # With more taps than channels, the taps' images would be larger than the input.
    return features == 1 and stride == 1 and size * size <= channels


def _sum_of_taps(x: jax.Array, kernel: jax.Array, padding: str) -> jax.Array:
    size = kernel.shape[0]
    taps = kernel.reshape(size * size, -1)
    (top, bottom), (left, right) = pads = window_pads(
        *x.shape[1:3], size=size, stride=1, padding=padding
    )
    output = (x.shape[1] + top + bottom - size + 1, x.shape[2] + left + right - size + 1)
    # Every tap sees all pixels in one product; then their images are shifted and added.
    seen = jax.lax.dot_general(taps, x, (((1,), (3,)), ((), ())))[..., None]
    # A buffer before and after: neither the product nor the sum shall do the padding.
    seen = jax.lax.optimization_barrier(seen)
    seen = jnp.pad(seen, ((0, 0), (0, 0), *pads, (0, 0)))
    seen = jax.lax.optimization_barrier(seen)
    images = [
        shifted(seen[row * size + column], row, column, output=output, stride=1)
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
    # The tap (i, j) of a pixel goes to the output that lies i rows and j columns before it.
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
