from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from superxception_jax.models.ops import dispatch as ops
from tests.models.ops.forms import compare_forms, draw


@pytest.mark.parametrize("activation", ["none", "relu"])
@pytest.mark.parametrize("shape", [(1, 3, 5, 4), (9, 19, 7, 2)])
def test_bias_forms_agree(shape, activation):
    def operation(x, bias, implementation):
        return ops.add_bias(x, bias, activation=activation, implementation=implementation)

    y, _ = compare_forms(operation, draw(*shape), draw(shape[-1], seed=1))
    assert bool((y < 0).any()) == (activation == "none")


@pytest.mark.parametrize("implementation", ops.IMPLEMENTATIONS)
def test_relu_gives_no_gradient_at_zero(implementation):
    def total(bias):
        x = jnp.asarray([0.0, 1.0]).reshape(2, 1, 1, 1)
        return ops.add_bias(x, bias, activation="relu", implementation=implementation).sum()

    assert float(jax.grad(total)(jnp.zeros(1))[0]) == 1.0
