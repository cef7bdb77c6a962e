"""Window geometry and column sums that the CPU forms of the operations share."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

Pads = tuple[tuple[int, int], tuple[int, int]]

# Number of addends per output element: enough to hide the memory latency of the
# loop that XLA emits, few enough that the unrolled program stays small.
CHUNKS = 8


def window_pads(height: int, width: int, *, size: int, stride: int, padding: str) -> Pads:
    """Return the zero rows and columns that a square window needs on each side.

    Args:
        height: rows of the image, in px.
        width: columns of the image, in px.
        size: edge of the window, in px.
        stride: step of the window, in px.
        padding: "SAME" (output = ceil(input / stride)) or "VALID" (no padding).

    Returns:
        ((top, bottom), (left, right)), in px.

    Raises:
        ValueError: `padding` is neither name.

    Source: the TensorFlow convention, which Keras, Flax and XLA follow: an odd
        remainder goes to the bottom and to the right.

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
    """Pad the rows and columns of images, and keep the result as a buffer of its own.

    Args:
        x: any[B,H,W,C].
        pads: ((top, bottom), (left, right)), in px.
        value: the value of the new pixels.

    Returns:
        any[B,H+top+bottom,W+left+right,C].

    Source: ours, because XLA would fuse the padding into every reader as a branch
        per element, which stops vectorisation; the barrier forbids it.
    """
    filling = jnp.asarray(value, x.dtype)
    padded = jax.lax.pad(x, filling, ((0, 0, 0), (*pads[0], 0), (*pads[1], 0), (0, 0, 0)))
    return jax.lax.optimization_barrier(padded)


def shifted(
    padded: jax.Array, row: int, column: int, *, output: tuple[int, int], stride: int
) -> jax.Array:
    """Return what one tap of a sliding window sees: a strided slice.

    Args:
        padded: any[B,H,W,C] padded images.
        row: vertical place of the tap in the window.
        column: horizontal place of the tap in the window.
        output: number of window positions (rows, columns).
        stride: step of the window, in px.

    Returns:
        any[B,output rows,output columns,C].

    Source: ours, because sums of slices become one vectorised loop in XLA:CPU.
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
    """Permute the axes into a buffer of its own.

    Args:
        x: any[...].
        axes: the new order.

    Returns:
        The permuted array.

    Source: ours, because XLA:CPU has a fast program for a bare transposition, but fuses
        one that it can with what stands before or after it into a loop with large strides.
    """
    barrier = jax.lax.optimization_barrier
    return barrier(jnp.transpose(barrier(x), axes))


def column_sums(rows_of: Callable[[int, int], jax.Array], height: int) -> jax.Array:
    """Sum over batch, rows and columns, for every channel.

    Args:
        rows_of: (first row, row after the last) → f32[B,rows,W,C], the addends; an
            expression that XLA can fuse.
        height: number of rows.

    Returns:
        f32[C].

    Source: ours, because XLA:CPU reduces over the leading axes with a scalar loop.
        Adding whole blocks of rows is elementwise, hence vectorised, and the rest is
        a product with a row of ones. Rows are cut, never the batch, so that batches
        of any size work and a batch sharded over devices stays where it is.
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
    # The barrier keeps the addition a loop of its own instead of part of the product.
    rows = jax.lax.optimization_barrier(block).reshape(-1, block.shape[-1])
    return jnp.dot(jnp.ones((1, rows.shape[0]), rows.dtype), rows)[0]
