from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.ops import dispatch as ops
from tests.models.ops.forms import compare_forms, draw


@pytest.mark.parametrize("activation", ["none", "relu"])
@pytest.mark.parametrize("shape", [(1, 3, 5, 4), (9, 19, 7, 2)])
def test_normalize_forms_agree(shape, activation):
    channels = shape[-1]

    def operation(x, scale, bias, implementation):
        return ops.normalize_batch(
            x, scale, bias, epsilon=1e-3, activation=activation, implementation=implementation
        )[0]

    y, _ = compare_forms(
        operation, 3 * draw(*shape) + 1, draw(channels, seed=1), draw(channels, seed=2)
    )
    assert bool((y < 0).any()) == (activation == "none")


@pytest.mark.parametrize("implementation", ops.IMPLEMENTATIONS)
def test_normalize_by_hand(implementation):
    x = jnp.asarray([1.0, 3.0, 5.0, 7.0]).reshape(2, 2, 1, 1)  # mean 4, variance 5
    y, (mean, variance) = ops.normalize_batch(
        x,
        jnp.asarray([2.0]),
        jnp.asarray([1.0]),
        epsilon=4.0,
        activation="none",
        implementation=implementation,
    )
    np.testing.assert_allclose(y.ravel(), [-1.0, 1 / 3, 5 / 3, 3.0], rtol=1e-6)
    np.testing.assert_allclose([mean[0], variance[0]], [4.0, 5.0], rtol=1e-6)
