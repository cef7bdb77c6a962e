from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.ops import depthwise
from superxception_jax.models.ops import dispatch as ops
from tests.models.ops.forms import compare_forms, draw


@pytest.mark.parametrize(
    ("shape", "size"),
    [((1, 7, 6, 3), 3), ((3, 1, 2, 5), 3), ((9, 17, 4, 8), 3), ((2, 8, 7, 3), 5)],
)
def test_depthwise_forms_agree(shape, size):
    def operation(x, kernel, implementation):
        return ops.depthwise_convolution(x, kernel, implementation=implementation)

    compare_forms(operation, draw(*shape), draw(size, size, shape[-1], seed=1))


def test_depthwise_counts_neighbours_by_hand():
    x = jnp.ones((1, 3, 3, 2))
    kernel = jnp.stack([jnp.ones((3, 3)), jnp.zeros((3, 3)).at[0, 1].set(1.0)], -1)
    y = ops.depthwise_convolution(x, kernel, implementation="fast")
    np.testing.assert_array_equal(y[0, :, :, 0], [[4, 6, 4], [6, 9, 6], [4, 6, 4]])
    # The second kernel reads the pixel above: nothing lies above the first row.
    np.testing.assert_array_equal(y[0, :, :, 1], [[0, 0, 0], [1, 1, 1], [1, 1, 1]])


def test_depthwise_forms_agree_on_a_batch_larger_than_the_cache(monkeypatch):
    # A single image is larger too: the gradient then goes through the images one by one.
    monkeypatch.setattr(depthwise, "CACHED_BYTES", 100)
    test_depthwise_forms_agree((3, 7, 6, 4), 3)
