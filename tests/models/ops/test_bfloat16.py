"""The operations in bfloat16: exact products, sums in float32, rounded results and gradients."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.ops import dispatch as ops
from superxception_jax.training.compile import CPU_ROUNDING, compiler_options
from tests.models.ops.forms import draw
from tests.quick import QUICK

# Operation, its options and the shapes of its arguments.
OPERATIONS: dict[str, tuple[Callable[..., Any], dict[str, Any], list[tuple[int, ...]]]] = {
    "convolution": (ops.convolution, {"stride": 2, "padding": "SAME"}, [(3, 3, 8, 4)]),
    "one_output": (ops.convolution, {"stride": 1, "padding": "SAME"}, [(2, 2, 8, 1)]),
    "depthwise": (ops.depthwise_convolution, {}, [(3, 3, 8)]),
    "pointwise": (ops.pointwise_convolution, {"stride": 2}, [(8, 4)]),
    "add_bias": (ops.add_bias, {"activation": "relu"}, [(8,)]),
    "max_pool": (ops.max_pool, {"padding": "SAME"}, []),
}


def _arguments(shapes, dtype):
    x = draw(4, 7, 6, 8)
    others = [draw(*shape, seed=index) for index, shape in enumerate(shapes, 1)]
    # Rounded, so that the float32 operation computes on the same values.
    return [value.astype(jnp.bfloat16).astype(dtype) for value in (x, *others)]


def _run(form, arguments):
    y, pull = jax.vjp(form, *arguments)
    gradient = draw(*y.shape, seed=9).astype(jnp.bfloat16).astype(y.dtype)
    return y, pull(gradient)


def _rounded(tree):
    return jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), tree)


def _wide(tree):
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), jax.device_get(tree))


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_values_and_gradients_are_those_of_float32_rounded_once(name):
    operation, options, shapes = OPERATIONS[name]

    def both(half, single):
        fast = functools.partial(operation, **options, implementation="fast")
        plain = functools.partial(operation, **options, implementation="plain")
        return _run(fast, half), _run(plain, half), _rounded(_run(fast, single))

    compiled = jax.jit(both, compiler_options=QUICK | CPU_ROUNDING)
    fast, plain, expected = compiled(
        _arguments(shapes, jnp.bfloat16), _arguments(shapes, jnp.float32)
    )
    for leaf in jax.tree.leaves((fast, plain)):
        assert leaf.dtype == jnp.bfloat16
    jax.tree.map(np.testing.assert_array_equal, _wide(fast), _wide(expected))
    # XLA may sum in another order, which can move a value to its neighbour in bfloat16.
    jax.tree.map(
        lambda one, two: np.testing.assert_allclose(one, two, rtol=2**-7, atol=2**-7),
        _wide(plain),
        _wide(fast),
    )


@pytest.mark.parametrize("implementation", ops.IMPLEMENTATIONS)
def test_batch_normalisation_computes_its_statistics_in_float32(implementation):
    # A mean far from zero: a sum in bfloat16 would stop at 256, and squares would cancel.
    x = (10.0 + draw(8, 16, 16, 8)).astype(jnp.bfloat16)
    scale, bias = draw(8, seed=1), draw(8, seed=2)

    def normalize(x, scale, bias):
        return ops.normalize_batch(
            x, scale, bias, epsilon=1e-3, activation="none", implementation=implementation
        )

    def run(x, scale, bias):
        y, pull, statistics = jax.vjp(normalize, x, scale, bias, has_aux=True)
        return y, statistics, pull(draw(*y.shape, seed=9).astype(y.dtype))

    compiled = jax.jit(run, compiler_options=QUICK | CPU_ROUNDING)
    y, statistics, gradients = compiled(x, scale, bias)
    wide = np.asarray(x, np.float64)
    np.testing.assert_allclose(statistics[0], wide.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(statistics[1], wide.var((0, 1, 2)), rtol=1e-4)
    assert [leaf.dtype for leaf in (y, *statistics, *gradients)] == [
        jnp.bfloat16,
        *[jnp.float32] * 2,
        jnp.bfloat16,
        *[jnp.float32] * 2,
    ]
    expected, *_ = compiled(x.astype(jnp.float32), scale, bias)
    np.testing.assert_array_equal(_wide(y), _wide(_rounded(expected)))
    gradient = np.asarray(draw(*x.shape, seed=9).astype(y.dtype), np.float64)
    normal = (wide - wide.mean((0, 1, 2))) / np.sqrt(wide.var((0, 1, 2)) + 1e-3)
    np.testing.assert_allclose(gradients[1], (gradient * normal).sum((0, 1, 2)), atol=0.02)
    np.testing.assert_allclose(gradients[2], gradient.sum((0, 1, 2)), atol=1e-3)


def test_a_compiled_program_rounds_what_is_converted_back():
    x, bias = _arguments([(8,)], jnp.bfloat16)

    def residual(x, bias):
        y = ops.add_bias(x, bias, activation="none", implementation="fast")
        return (y + x).astype(jnp.float32)

    rounded = jax.jit(residual, compiler_options=compiler_options("cpu"))(x, bias)
    wide = np.asarray(x, np.float32)
    y = _wide(jnp.asarray(wide + np.asarray(bias, np.float32)).astype(jnp.bfloat16))
    np.testing.assert_array_equal(rounded, _wide(jnp.asarray(y + wide).astype(jnp.bfloat16)))
    # Without the option XLA leaves out conversions there and back, and with them roundings.
    assert np.abs(jax.jit(residual)(x, bias) - rounded).max() > 1e-3
