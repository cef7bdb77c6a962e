from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.ops import dispatch as ops
from tests.models.ops.forms import compare_forms, draw


@pytest.mark.parametrize(
    ("shape", "padding"),
    [
        ((1, 7, 6, 3), "SAME"),
        ((9, 8, 5, 2), "SAME"),
        ((2, 1, 2, 4), "SAME"),
        ((2, 7, 8, 3), "VALID"),
        ((3, 3, 5, 2), "VALID"),
    ],
)
def test_max_pool_forms_agree(shape, padding):
    compare_forms(functools.partial(ops.max_pool, padding=padding), draw(*shape))


def test_max_pool_gives_ties_to_the_first():
    # Few distinct values: most windows have several maxima.
    x = jnp.round(draw(2, 9, 8, 3))
    _, (gradient,) = compare_forms(functools.partial(ops.max_pool, padding="SAME"), x)
    constant = jax.grad(lambda x: ops.max_pool(x, padding="SAME", implementation="fast").sum())(
        jnp.ones((1, 4, 4, 1))
    )
    np.testing.assert_array_equal(
        constant[0, :, :, 0], [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4]
    )
    assert (gradient == 0).any()
