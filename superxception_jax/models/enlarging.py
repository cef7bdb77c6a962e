"""Bicubic enlargement of the canvas as two small matrix products."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.arrays import check


def enlarge(images: jax.Array, *, size_px: int) -> jax.Array:
    """Return square images enlarged bicubically.

    Args:
        images: compute[B,S,S,1] in [0, 1], float32 or bfloat16.
        size_px: Side of the result in px, at least S.

    Returns:
        compute[B,size_px,size_px,1], computed in float32; the cubic kernel can overshoot [0, 1]
        slightly.

    Raises:
        ValueError: `size_px` is smaller than the side of the images.

    Source: the paper, 50×50 → 227×227; the kernel is Keys' cubic (a = -1/2) with
    half-pixel centres, normalised at the border, as in `jax.image.resize`.
    """
    side_px = check(images=(images, "compute[B,S,S,1]"))["S"]
    if size_px < side_px:
        raise ValueError(
            f"`size_px` must be at least the images' side {side_px}, got {size_px}; "
            "choose a larger `model.input_px` or a smaller `normalization.image_px`."
        )
    if size_px == side_px:
        return images
    matrix = jnp.asarray(enlarging_matrix(side_px, size_px))
    # Two dense products are far faster than a general resize on every backend.
    enlarged = jnp.einsum(
        "hy,byxc,wx->bhwc", matrix, images.astype(jnp.float32), matrix, precision="highest"
    )
    return enlarged.astype(images.dtype)


@functools.lru_cache(maxsize=32)
def enlarging_matrix(from_px: int, to_px: int) -> np.ndarray:
    """Return the matrix that enlarges one axis.

    Args:
        from_px: Length of the input in px.
        to_px: Length of the output in px.

    Returns:
        f32[to_px,from_px]; every row sums to 1.

    Source: R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
    """
    centres = (np.arange(to_px) + 0.5) * from_px / to_px - 0.5
    weights = cubic_kernel(centres[:, None] - np.arange(from_px)[None, :])
    matrix = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    matrix.setflags(write=False)
    return matrix


def cubic_kernel(distance):
    """Return the values of Keys' cubic kernel with a = -1/2.

    Args:
        distance: float[...], NumPy or JAX array of distances in px.

    Returns:
        The weights, of the same shape; zero from a distance of 2 px on.

    Source: R. Keys 1981, equation 15.
    """
    xp = jnp if isinstance(distance, jax.Array) else np
    x = abs(distance)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return xp.where(x <= 1.0, near, xp.where(x < 2.0, far, 0.0))
