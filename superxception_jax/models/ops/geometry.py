"""Window geometry and column sums, shared by the CPU forms of the operations."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

Pads = tuple[tuple[int, int], tuple[int, int]]

# Number of terms per output element: enough to hide the memory latency of the loop that XLA
# emits, few enough to keep the unrolled program small.
CHUNKS = 8


def window_pads(height: int, width: int, *, size: int, stride: int, padding: str) -> Pads:
    """Return the number of rows and columns that a square window adds on each side.

    Args:
        height: Height of the image in px.
        width: Width of the image in px.
        size: Side of the window in px.
        stride: Step of the window in px.
        padding: "SAME" (output = ceil(input / stride)) or "VALID" (no padding).

    Returns:
        ((top, bottom), (left, right)) in px.

    Raises:
        ValueError: `padding` is neither of the two.

    Source: the convention of TensorFlow, Keras, Flax and XLA: an odd remainder goes to the bottom
        and to the right.

    >>> window_pads(4, 5, size=3, stride=2, padding="SAME")
    ((0, 1), (1, 1))
    """
    if padding == "VALID":
        return (0, 0), (0, 0)
    if padding != "SAME":
        raise ValueError(f'`padding` must be "SAME" or "VALID", got {padding!r}; choose one.')

    def one_side(length: int) -> tuple[int, int]:
        total = max((-(-length // stride) - 1) * stride + size - length, 0)
        return total // 2, total - total // 2

    return one_side(height), one_side(width)


def pad_image(x: jax.Array, pads: Pads, *, value: float) -> jax.Array:
    """Pad the rows and columns of images into a buffer.

    Without the barrier XLA would fuse the padding into every consumer as a branch per element,
    which prevents vectorisation.

    Args:
        x: any[B,H,W,C].
        pads: ((top, bottom), (left, right)) in px.
        value: Value of the added pixels.

    Returns:
        any[B,H+top+bottom,W+left+right,C].
    """
    filling = jnp.asarray(value, x.dtype)
    padded = jax.lax.pad(x, filling, ((0, 0, 0), (*pads[0], 0), (*pads[1], 0), (0, 0, 0)))
    return jax.lax.optimization_barrier(padded)


def shifted(
    padded: jax.Array, row: int, column: int, *, output: tuple[int, int], stride: int
) -> jax.Array:
    """Return the pixels under one tap of a sliding window, as a strided slice.

    Sums of such slices become one vectorised loop in XLA:CPU.

    Args:
        padded: any[B,H,W,C], padded images.
        row: Row of the tap in the window.
        column: Column of the tap in the window.
        output: Numbers of window positions (rows, columns).
        stride: Step of the window in px.

    Returns:
        any[B,output rows,output columns,C].
    """
    batch, _, _, channels = padded.shape
    start = (0, row, column, 0)
    stop = (
        batch,
        row + (output[0] - 1) * stride + 1,
        column + (output[1] - 1) * stride + 1,
        channels,
    )
    return jax.lax.slice(padded, start, stop, (1, stride, stride, 1))


def materialized_transpose(x: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    """Return the array with its axes permuted, as a buffer.

    XLA:CPU transposes a buffer fast; fused with the operations before or after it, a transposition
    becomes a loop with large strides.

    Args:
        x: any[...].
        axes: New order of the axes.

    Returns:
        The permuted array.
    """
    barrier = jax.lax.optimization_barrier
    return barrier(jnp.transpose(barrier(x), axes))


def column_sums(rows_of: Callable[[int, int], jax.Array], height: int) -> jax.Array:
    """Return the sums over batch, rows and columns for every channel.

    XLA:CPU reduces the leading axes with a scalar loop. Adding whole blocks of rows is elementwise,
    hence vectorised, and the rest is a product with a row of ones. Only the rows are split, never
    the batch, so that any batch size works and a batch stays split over its devices.

    Args:
        rows_of: Function from the first row and the row after the last to the terms
            f32[B,rows,W,C]; an expression that XLA can fuse.
        height: Number of rows.

    Returns:
        f32[C].
    """
    chunks = min(CHUNKS, height)
    size = height // chunks
    blocks = [rows_of(index * size, (index + 1) * size) for index in range(chunks)]
    total = _product_with_ones(_sum_pairwise(blocks))
    if chunks * size < height:
        total = total + _product_with_ones(rows_of(chunks * size, height))
    return total


def _sum_pairwise(terms: list[jax.Array]) -> jax.Array:
    while len(terms) > 1:
        pairs = [first + second for first, second in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + terms[2 * len(pairs) :]
    return terms[0]


def _product_with_ones(block: jax.Array) -> jax.Array:
    # The barrier keeps the additions in a separate loop instead of fusing them into the product.
    rows = jax.lax.optimization_barrier(block).reshape(-1, block.shape[-1])
    return jnp.dot(jnp.ones((1, rows.shape[0]), rows.dtype), rows)[0]
