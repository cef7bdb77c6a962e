"""Random augmentation of the training images, within the compiled step."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.arrays import check
from superxception_jax.keys import key_for
from superxception_jax.models.enlarging import cubic_kernel
from superxception_jax.training.settings import AugmentationSettings

# Shifts and bends refer to the paper's canvas and scale with the side of the actual one, so that
# the same augmentation applies at every resolution.
CANVAS_PX = 50.0
# Grey level above which a pixel belongs to the chromosome.
_FAINTEST = 0.02


def augment(images: jax.Array, *, key: jax.Array, settings: AugmentationSettings) -> jax.Array:
    """Return the images, each changed by its own random draws.

    Chromosomes bend, and their scale and grey values differ between cells. The paper doesn't state
    its augmentation.

    Args:
        images: f32[B,S,S,1] in [0, 1], on a dark background.
        key: Typed key of this step.
        settings: Ranges of the changes; a range of zero costs nothing.

    Returns:
        f32[B,S,S,1] in [0, 1].
    """
    check(images=(images, "f32[B,S,S,1]"))
    s = settings
    if s.rotation_degrees or s.shift_px or s.stretch or s.bend_px:
        images = _warp(images, key=key, settings=settings)
    if s.blur:
        weight = _uniform(key, "blur", images, s.blur)[:, None, None, None]
        images = images + weight * (_binomial_blur(images) - images)
    if s.cut_out:
        images = _cut_out(images, key=key_for(key, "cut_out"), share=s.cut_out)
    images = jnp.clip(images, 0.0, 1.0)
    if s.gamma:
        exponent = jnp.exp(_uniform(key, "gamma", images, s.gamma))[:, None, None, None]
        # The gradient of x**p at 0 is infinite or undefined. No gradient flows to the images,
        # and the lower bound keeps the background black.
        images = jnp.where(images > 0, jnp.maximum(images, 1e-6) ** exponent, 0.0)
    if s.gain:
        images = images * jnp.exp(_uniform(key, "gain", images, s.gain))[:, None, None, None]
    if s.noise:
        images = images + s.noise * jax.random.normal(key_for(key, "noise"), images.shape)
    return jnp.clip(images, 0.0, 1.0)


def turn_half(images: jax.Array, *, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Rotate each image by 180° with a probability of one half.

    The p arm points up in the data, so the polarity of every image is known and can be learned.

    Args:
        images: f32[B,S,S,1].
        key: Typed key of this step.

    Returns:
        f32[B,S,S,1], and i32[B], 1 for a rotated image.
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


def _cut_out(images: jax.Array, *, key: jax.Array, share: float) -> jax.Array:
    """Return the images, of a share of which a band across the chromosome is an even grey.

    So it looks where another chromosome crossed, and the rest must tell the class.
    """
    count, side = images.shape[:2]

    def draw(name: str, low: float, high: float) -> jax.Array:
        return jax.random.uniform(key_for(key, name), (count, 1, 1, 1), minval=low, maxval=high)

    rows = jnp.arange(side)[None, :, None, None] * (CANVAS_PX / side)
    hidden = jnp.abs(rows - draw("centre", 0.0, CANVAS_PX)) < draw("half", 1.0, 5.0)
    chosen = jax.random.bernoulli(key_for(key, "chosen"), share, (count, 1, 1, 1))
    covered = hidden & chosen & (images > _FAINTEST)
    return jnp.where(covered, draw("grey", 0.0, 0.8), images)


def _warp(images: jax.Array, *, key: jax.Array, settings: AugmentationSettings) -> jax.Array:
    """Resample the images once, at the coordinates after rotation, stretch, shift and bend."""
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
    # A parabola with zero mean bends the axis without shifting it.
    across = across + draw("bend", bend) * (1.5 * (along / half) ** 2 - 0.5)
    return _sample_cubic(images[..., 0], along + half, across + half)[..., None]


def _sample_cubic(images: jax.Array, y: jax.Array, x: jax.Array) -> jax.Array:
    """Interpolate f32[B,S,S] at coordinates f32[B,S,S]; zero outside."""
    batch, side, _ = images.shape
    # With this padding and these limits all 16 neighbours exist, and values outside are zero.
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
    # One gather of all neighbours, because sixteen take seconds to compile.
    index = (corner + jnp.asarray(offsets, jnp.int32)).reshape(batch, -1)
    values = jnp.take_along_axis(padded, index, axis=1).reshape(batch, -1, 4, 4)
    return (weight_y * weight_x * values).sum(axis=(2, 3)).reshape(images.shape)
