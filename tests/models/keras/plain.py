"""Parameters and images for networks that are compared with Keras' layers."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from tests.quick import QUICK


def draw_params(model, size):
    """Draw parameters of which none is zero."""
    images = jnp.zeros((1, size, size, 3))
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), images, train=False))
    generator = np.random.default_rng(0)

    def draw(leaf):
        scale = np.prod(leaf.shape[:-1]) ** -0.5 if leaf.ndim > 1 else 0.1
        return (scale * generator.standard_normal(leaf.shape, dtype=np.float32)).astype(np.float32)

    return jax.tree.map(draw, shapes["params"])


def draw_images(size):
    return np.random.default_rng(size).uniform(size=(2, size, size, 3)).astype(np.float32)


def apply(model, params, images):
    call = functools.partial(model.apply, train=False)
    return jax.jit(call, compiler_options=QUICK)({"params": params}, images)
