"""Random changes of the training images, inside the compiled step."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.arrays import check
from superxception_jax.keys import key_for
from superxception_jax.models.enlarging import cubic_kernel
from superxception_jax.training.settings import AugmentationSettings

# Shifts and bends are given for the paper's canvas and grow with it: canvases of two sizes show
# the same changes at two resolutions.
CANVAS_PX = 50.0


def augment(images: jax.Array, *, key: jax.Array, settings: AugmentationSettings) -> jax.Array:
    """Change every image by its own random draw.

    Args:
        images: f32[B,S,S,1] in [0, 1], dark background.
        key: typed key of this step.
        settings: ranges; a zero range costs nothing.

    Returns:
        f32[B,S,S,1] in [0, 1].

    Source: ours, because chromosomes bend, and scale and grey values differ between cells;
    the paper doesn't state its augmentation.
    """
    check(images=(images, "f32[B,S,S,1]"))
    s = settings
    if s.rotation_degrees or s.shift_px or s.stretch or s.bend_px:
        images = _warp(images, key=key, settings=settings)
    if s.blur:
        weight = _uniform(key, "blur", images, s.blur)[:, None, None, None]
        images = images + weight * (_binomial_blur(images) - images)
    images = jnp.clip(images, 0.0, 1.0)
    if s.gamma:
        exponent = jnp.exp(_uniform(key, "gamma", images, s.gamma))[:, None, None, None]
        # The gradient of x**p at 0 is infinite or undefined; no gradient flows to the images,
        # and the floor keeps the background black.
        images = jnp.where(images > 0, jnp.maximum(images, 1e-6) ** exponent, 0.0)
    if s.gain:
        images = images * jnp.exp(_uniform(key, "gain", images, s.gain))[:, None, None, None]
    if s.noise:
        images = images + s.noise * jax.random.normal(key_for(key, "noise"), images.shape)
    return jnp.clip(images, 0.0, 1.0)


def turn_half(images: jax.Array, *, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Turn each image by 180° with a probability of one half.

    Args:
        images: f32[B,S,S,1].
        key: typed key of this step.

    Returns:
        f32[B,S,S,1], and i32[B], 1 for what was turned.

    Source: ours: the p arm is up in the data, so its polarity is known and can be learned.
    """
    check(images=(images, "f32[B,S,S,1]"))
    turned = jax.random.bernoulli(key, 0.5, (images.shape[0],))
    both = jnp.where(turned[:, None, None, None], images[:, ::-1, ::-1], images)
    return both, turned.astype(jnp.int32)


def _uniform(key: jax.Array, name: str, images: jax.Array, limit: float) -> jax.Array:
    return jax.random.uniform(
        key_for(key, name), (images.shape[0],), minval=-limit, maxval=limit, dtype=jnp.float32
    )


def _binomial_blur(images: jax.Array) -> jax.Array:
    padded = jnp.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    rows = (padded[:, :-2] + 2.0 * padded[:, 1:-1] + padded[:, 2:]) / 4.0
    return (rows[:, :, :-2] + 2.0 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4.0


def _warp(images: jax.Array, *, key: jax.Array, settings: AugmentationSettings) -> jax.Array:
    """Resample once at the places that rotation, stretch, shift and bend map to."""
    side = images.shape[1]
    half = (side - 1) / 2.0
    grid = jnp.arange(side, dtype=jnp.float32) - half
    y, x = grid[None, :, None], grid[None, None, :]

    def draw(name: str, limit: float) -> jax.Array:
        return _uniform(key, name, images, limit)[:, None, None]

    angle = draw("rotation", settings.rotation_degrees) * (jnp.pi / 180.0)
    shift, bend = (px * side / CANVAS_PX for px in (settings.shift_px, settings.bend_px))
    y = y - draw("shift_y", shift)
    x = x - draw("shift_x", shift)
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    along = (cosine * y - sine * x) * jnp.exp(draw("stretch_y", settings.stretch))
    across = (sine * y + cosine * x) * jnp.exp(draw("stretch_x", settings.stretch))
    # A parabola with zero mean over the axis bends it without moving it.
    across = across + draw("bend", bend) * (1.5 * (along / half) ** 2 - 0.5)
    return _sample_cubic(images[..., 0], along + half, across + half)[..., None]


def _sample_cubic(images: jax.Array, y: jax.Array, x: jax.Array) -> jax.Array:
    """Sample f32[B,S,S] at f32[B,S,S] coordinates; zero outside."""
    batch, side, _ = images.shape
    # With this pad and these limits all 16 neighbours exist, and whatever lies beyond reads zero.
    padded = jnp.pad(images, ((0, 0), (3, 3), (3, 3))).reshape(batch, -1)
    wide = side + 6
    y = jnp.clip(y, -2.0, float(side)).reshape(batch, -1, 1)
    x = jnp.clip(x, -2.0, float(side)).reshape(batch, -1, 1)
    top, left = jnp.floor(y), jnp.floor(x)
    neighbours = jnp.arange(4, dtype=jnp.float32)[None, None, :] - 1.0
    weight_y = cubic_kernel(y - top - neighbours)[:, :, :, None]
    weight_x = cubic_kernel(x - left - neighbours)[:, :, None, :]
    corner = (top.astype(jnp.int32) + 2) * wide + left.astype(jnp.int32) + 2
    offsets = (np.arange(4)[:, None] * wide + np.arange(4)[None, :]).reshape(1, 1, 16)
    # One gather of all neighbours: sixteen gathers compile for seconds.
    index = (corner + jnp.asarray(offsets, jnp.int32)).reshape(batch, -1)
    values = jnp.take_along_axis(padded, index, axis=1).reshape(batch, -1, 4, 4)
    return (weight_y * weight_x * values).sum(axis=(2, 3)).reshape(images.shape)
