"""3×3 max pooling with stride 2 that stores the position of each maximum, for the CPU."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from superxception_jax.models.ops.geometry import pad_image, shifted, window_pads

_SIZE = 3
_STRIDE = 2


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def fast_max_pool(x: jax.Array, padding: str) -> jax.Array:
    """Return the maxima of 3×3 windows with stride 2.

    The gradient in XLA:CPU (`select_and_scatter`) is a scalar loop. As there, the first of several
    equal values receives the gradient.

    Args:
        x: f32[B,H,W,C].
        padding: "SAME" or "VALID".

    Returns:
        f32[B,H',W',C]; with SAME, H' = ceil(H / 2).
    """
    return _forward(x, padding)[0]


def _forward(x: jax.Array, padding: str) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    height, width = x.shape[1:3]
    pads = window_pads(height, width, size=_SIZE, stride=_STRIDE, padding=padding)
    output = (
        (height + sum(pads[0]) - _SIZE) // _STRIDE + 1,
        (width + sum(pads[1]) - _SIZE) // _STRIDE + 1,
    )
    padded = pad_image(x, pads, value=float("-inf"))
    best = shifted(padded, 0, 0, output=output, stride=_STRIDE)
    winner = jnp.zeros(best.shape, jnp.int8)
    for tap in range(1, _SIZE * _SIZE):
        row, column = divmod(tap, _SIZE)
        rival = shifted(padded, row, column, output=output, stride=_STRIDE)
        wins = rival > best
        best = jnp.where(wins, rival, best)
        winner = jnp.where(wins, jnp.int8(tap), winner)
    # An empty slice keeps the static shape of the input in the residuals.
    return best, (winner, x[:0])


def _backward(
    padding: str, residuals: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array]:
    winner, empty = residuals
    height, width = empty.shape[1:3]
    pads = window_pads(height, width, size=_SIZE, stride=_STRIDE, padding=padding)
    batch, rows, columns, channels = gradient.shape
    gradient = pad_image(gradient, ((1, 1), (1, 1)), value=0.0)
    winner = pad_image(winner, ((1, 1), (1, 1)), value=-1.0)
    output = (rows + 1, columns + 1)

    def phase(row_parity: int, column_parity: int) -> jax.Array:
        terms = []
        # In padded coordinates, even lines are tap 0 of their own window and tap 2 of the
        # previous one; odd lines are tap 1 of their own window only.
        for row in (1,) if row_parity else (0, 2):
            for column in (1,) if column_parity else (0, 2):
                start = (int(row != 2), int(column != 2))
                places = shifted(winner, *start, output=output, stride=1)
                values = shifted(gradient, *start, output=output, stride=1)
                terms.append(jnp.where(places == row * _SIZE + column, values, 0.0))
        return functools.reduce(jnp.add, terms)

    lines = [jnp.stack([phase(parity, 0), phase(parity, 1)], axis=3) for parity in (0, 1)]
    full = jnp.stack(lines, axis=2).reshape(batch, 2 * (rows + 1), 2 * (columns + 1), channels)
    (top, _), (left, _) = pads
    return (full[:, top : top + height, left : left + width],)


fast_max_pool.defvjp(_forward, _backward)
