from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.enlarging import cubic_kernel, enlarge, enlarging_matrix


def test_kernel_by_hand():
    distances = np.array([-2.5, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0])
    expected = [0.0, -0.0625, 0.0, 0.5625, 1.0, 0.5625, 0.0, -0.0625, 0.0]
    np.testing.assert_allclose(cubic_kernel(distances), expected, atol=1e-12)
    np.testing.assert_allclose(cubic_kernel(jnp.asarray(distances)), expected, atol=1e-6)


@pytest.mark.parametrize(("from_px", "to_px"), [(4, 4), (5, 9), (50, 227)])
def test_the_matrix_keeps_a_constant_and_the_centre(from_px, to_px):
    matrix = enlarging_matrix(from_px, to_px)
    assert matrix.shape == (to_px, from_px)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-6)
    # The same from the left and from the right.
    np.testing.assert_allclose(matrix, matrix[::-1, ::-1], atol=1e-6)
    assert not matrix.flags.writeable  # it is shared by all callers


@pytest.mark.parametrize("size_px", [7, 12, 31])
def test_enlarging_is_the_bicubic_resize_of_jax(size_px):
    images = jnp.asarray(np.random.default_rng(0).uniform(size=(2, 7, 7, 1)), jnp.float32)
    expected = jax.image.resize(images, (2, size_px, size_px, 1), "cubic")
    np.testing.assert_allclose(enlarge(images, size_px=size_px), expected, atol=1e-5)


def test_the_same_size_changes_nothing_and_a_smaller_one_is_refused():
    images = jnp.ones((1, 5, 5, 1))
    assert enlarge(images, size_px=5) is images
    with pytest.raises(ValueError, match=r"`size_px` must be at least the images' side 5, got 4"):
        enlarge(images, size_px=4)
