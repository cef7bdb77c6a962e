"""Depthwise convolution as a sum of shifted slices, with custom gradients for the CPU."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from superxception_jax.models.ops.geometry import column_sums, pad_image, shifted, window_pads

# Images of up to this total size stay in the cache.
CACHED_BYTES = 4 << 20


@jax.custom_vjp
def fast_depthwise_convolution(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolve every channel with its own k×k kernel and SAME padding.

    XLA:CPU has no vectorised grouped convolution; a sum of k·k shifted slices, each times a weight
    per channel, is one fused loop.

    Args:
        x: f32[B,H,W,C].
        kernel: f32[k,k,C].

    Returns:
        f32[B,H,W,C].
    """
    return _forward(x, kernel)[0]


def _forward(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    height, width = x.shape[1:3]
    pads = window_pads(height, width, size=kernel.shape[0], stride=1, padding="SAME")
    padded = pad_image(x, pads, value=0.0)
    # Otherwise the following 1×1 convolution fuses the nine taps into its transposed copy.
    y = jax.lax.optimization_barrier(_weighted_sum(padded, kernel, output=(height, width)))
    return y, (padded, kernel)


def _weighted_sum(padded: jax.Array, kernel: jax.Array, *, output: tuple[int, int]) -> jax.Array:
    size, _, channels = kernel.shape
    terms = [
        shifted(padded, row, column, output=output, stride=1)
        * kernel[row, column].reshape(1, 1, 1, channels)
        for row in range(size)
        for column in range(size)
    ]
    return functools.reduce(jnp.add, terms)


def _backward(
    residuals: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    padded, kernel = residuals
    size = kernel.shape[0]
    height, width = gradient.shape[1:3]
    pads = window_pads(height, width, size=size, stride=1, padding="SAME")

    # Gradient of the input: the same sum with the kernel rotated by 180°, padded the other way.
    rows, columns = ((size - 1 - before, size - 1 - after) for before, after in pads)
    surrounded = pad_image(gradient, (rows, columns), value=0.0)
    x_gradient = _weighted_sum(surrounded, kernel[::-1, ::-1], output=(height, width))

    # Nine taps use the same images, which stay in the cache if processed in small groups.
    batch = padded.shape[0]
    group = _group(batch, padded.size * padded.dtype.itemsize // batch)
    if group == batch:
        return x_gradient, _tap_sums(padded, gradient, size=size)

    def add_group(total: jax.Array, pair: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        return total + _tap_sums(*pair, size=size), None

    groups = [value.reshape(-1, group, *value.shape[1:]) for value in (padded, gradient)]
    return x_gradient, jax.lax.scan(add_group, jnp.zeros_like(kernel), (groups[0], groups[1]))[0]


def _group(batch: int, image_bytes: int) -> int:
    """Return the largest divisor of the batch size whose images fit the cache, at least 1."""
    fitting = max(1, CACHED_BYTES // image_bytes)
    return max(size for size in range(1, min(fitting, batch) + 1) if batch % size == 0)


def _tap_sums(padded: jax.Array, gradient: jax.Array, *, size: int) -> jax.Array:
    """Return the gradient of the kernel: per tap and channel, the sum of pixel × gradient."""
    rows, columns, channels = gradient.shape[1:]
    taps = []
    for row in range(size):
        for column in range(size):
            seen = shifted(padded, row, column, output=(rows, columns), stride=1)
            taps.append(column_sums(functools.partial(_product, seen, gradient), rows))
    return jnp.stack(taps).reshape(size, size, channels)


def _product(first: jax.Array, second: jax.Array, start: int, stop: int) -> jax.Array:
    return first[:, start:stop] * second[:, start:stop]


fast_depthwise_convolution.defvjp(_forward, _backward)
