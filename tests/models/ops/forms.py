"""Comparison of the plain and the fast form of an operation."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.models.ops import dispatch as ops
from tests.quick import QUICK


def draw(*shape: int, seed: int = 0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def compare_forms(operation, *arguments):
    """Compare the value and all gradients of both forms, under a random output gradient."""

    def run(arguments, output_gradient):
        results = []
        for implementation in ops.IMPLEMENTATIONS:
            form = functools.partial(operation, implementation=implementation)
            y, pull = jax.vjp(form, *arguments)
            results.append((y, pull(output_gradient)))
        return results

    form = functools.partial(operation, implementation="plain")
    output = jax.eval_shape(form, *arguments)
    step = jax.jit(run, compiler_options=QUICK)
    plain, fast = jax.device_get(step(arguments, draw(*output.shape, seed=99)))
    for plain_one, fast_one in zip(jax.tree.leaves(plain), jax.tree.leaves(fast), strict=True):
        scale = np.abs(plain_one).max()
        np.testing.assert_allclose(fast_one, plain_one, rtol=1e-5, atol=1e-5 * scale)
    return plain
