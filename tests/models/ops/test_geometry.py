from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.ops.geometry import (
    column_sums,
    materialized_transpose,
    pad_image,
    shifted,
    window_pads,
)


@pytest.mark.parametrize(
    ("length", "size", "stride", "expected"),
    [(4, 3, 2, (0, 1)), (5, 3, 2, (1, 1)), (7, 9, 1, (4, 4)), (6, 4, 1, (1, 2)), (6, 1, 2, (0, 0))],
)
def test_same_pads_by_hand(length, size, stride, expected):
    pads = window_pads(length, 1 + 2 * stride, size=size, stride=stride, padding="SAME")
    assert pads[0] == expected


def test_valid_pads_nothing_and_other_names_fail():
    assert window_pads(9, 9, size=3, stride=2, padding="VALID") == ((0, 0), (0, 0))
    with pytest.raises(ValueError, match=r"`padding` must be \"SAME\" or \"VALID\", got 'same'"):
        window_pads(9, 9, size=3, stride=2, padding="same")


def test_pad_image_fills_the_border():
    padded = pad_image(jnp.ones((1, 1, 2, 1)), ((1, 0), (0, 2)), value=-1.0)
    np.testing.assert_array_equal(padded[0, :, :, 0], [[-1, -1, -1, -1], [1, 1, -1, -1]])


def test_shifted_steps_through_the_windows():
    image = jnp.arange(25.0).reshape(1, 5, 5, 1)
    seen = shifted(image, 1, 2, output=(2, 2), stride=2)
    np.testing.assert_array_equal(seen[0, :, :, 0], [[7, 9], [17, 19]])


@pytest.mark.parametrize("height", [1, 5, 8, 19])
def test_column_sums_count_every_row_once(height):
    x = np.random.default_rng(height).normal(size=(3, height, 4, 2)).astype(np.float32)
    sums = column_sums(lambda first, last: jnp.asarray(x)[:, first:last], height)
    np.testing.assert_allclose(sums, x.sum((0, 1, 2)), rtol=1e-5, atol=1e-5)


def test_materialized_transpose_permutes():
    x = np.arange(24).reshape(1, 2, 3, 4)
    np.testing.assert_array_equal(
        materialized_transpose(jnp.asarray(x), (3, 1, 2, 0)), x.transpose(3, 1, 2, 0)
    )
