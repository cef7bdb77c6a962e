"""Depthwise convolution as a sum of shifted slices, with custom gradients for the CPU."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from superxception_jax.models.ops.geometry import column_sums, pad_image, shifted, window_pads

# Images of up to this total size stay in the cache.
CACHED_BYTES = 4 << 20


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def fast_depthwise_convolution(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """Convolve every channel with its own k×k kernel and SAME padding.

    XLA:CPU has no vectorised grouped convolution; a sum of k·k shifted slices, each times a weight
    per channel, is one fused loop.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[k,k,C].
        stride: Step of the window in px.

    Returns:
        f32[B,ceil(H/stride),ceil(W/stride),C].
    """
    return _forward(x, kernel, stride)[0]


def _forward(
    x: jax.Array, kernel: jax.Array, stride: int
) -> tuple[jax.Array, tuple[jax.Array, jax.Array, jax.Array]]:
    height, width = x.shape[1:3]
    pads = window_pads(height, width, size=kernel.shape[0], stride=stride, padding="SAME")
    output = (-(-height // stride), -(-width // stride))
    padded = pad_image(x, pads, value=0.0)
    # Otherwise the following 1×1 convolution fuses the nine taps into its transposed copy.
    y = jax.lax.optimization_barrier(_weighted_sum(padded, kernel, output=output, stride=stride))
    # The gradient needs only the padded images; an empty slice of x keeps its static shape.
    return y, (padded, x[:0], kernel)


def _weighted_sum(
    padded: jax.Array, kernel: jax.Array, *, output: tuple[int, int], stride: int
) -> jax.Array:
    size, _, channels = kernel.shape
    terms = [
        shifted(padded, row, column, output=output, stride=stride)
        * kernel[row, column].reshape(1, 1, 1, channels)
        for row in range(size)
        for column in range(size)
    ]
    return functools.reduce(jnp.add, terms)


def _backward(
    stride: int, residuals: tuple[jax.Array, jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    padded, empty, kernel = residuals
    size = kernel.shape[0]
    height, width = empty.shape[1:3]
    pads = window_pads(height, width, size=size, stride=stride, padding="SAME")

    # Gradient of the input: the same sum with the kernel rotated by 180°. A stride leaves
    # gaps between the gradients, which are filled with zeros.
    spread = _spread(gradient, empty.shape, pads, size=size, stride=stride)
    x_gradient = _weighted_sum(spread, kernel[::-1, ::-1], output=(height, width), stride=1)

    # Nine taps use the same images, which stay in the cache if processed in small groups.
    batch = padded.shape[0]
    group = _group(batch, padded.size * padded.dtype.itemsize // batch)
    if group == batch:
        return x_gradient, _tap_sums(padded, gradient, size=size, stride=stride)

    def add_group(total: jax.Array, pair: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        return total + _tap_sums(*pair, size=size, stride=stride), None

    groups = [value.reshape(-1, group, *value.shape[1:]) for value in (padded, gradient)]
    return x_gradient, jax.lax.scan(add_group, jnp.zeros_like(kernel), (groups[0], groups[1]))[0]


def _group(batch: int, image_bytes: int) -> int:
    """Return the largest divisor of the batch size whose images fit the cache, at least 1."""
    fitting = max(1, CACHED_BYTES // image_bytes)
    return max(size for size in range(1, min(fitting, batch) + 1) if batch % size == 0)


def _tap_sums(padded: jax.Array, gradient: jax.Array, *, size: int, stride: int) -> jax.Array:
    """Return the gradient of the kernel: per tap and channel, the sum of pixel × gradient."""
    rows, columns, channels = gradient.shape[1:]
    taps = []
    for row in range(size):
        for column in range(size):
            seen = shifted(padded, row, column, output=(rows, columns), stride=stride)
            taps.append(column_sums(functools.partial(_product, seen, gradient), rows))
    return jnp.stack(taps).reshape(size, size, channels)


def _product(first: jax.Array, second: jax.Array, start: int, stop: int) -> jax.Array:
    return first[:, start:stop] * second[:, start:stop]


def _spread(
    gradient: jax.Array,
    shape: tuple[int, ...],
    pads: tuple[tuple[int, int], tuple[int, int]],
    *,
    size: int,
    stride: int,
) -> jax.Array:
    configuration = [(0, 0, 0)]
    for axis in (1, 2):
        before = size - 1 - pads[axis - 1][0]
        length = (gradient.shape[axis] - 1) * stride + 1
        after = shape[axis] + size - 1 - before - length
        configuration.append((before, after, stride - 1))
    configuration.append((0, 0, 0))
    spread = jax.lax.pad(gradient, jnp.zeros((), gradient.dtype), configuration)
    return jax.lax.optimization_barrier(spread)


fast_depthwise_convolution.defvjp(_forward, _backward)
