from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.karyotyping.polarity import separate_polarity

# Two classes, upright and turned.
JOINT = np.log(np.array([[0.4, 0.1, 0.2, 0.3], [0.01, 0.01, 0.97, 0.01]], np.float32))


def test_half_and_half_by_hand():
    classes, turned = separate_polarity(JOINT, turned_share=0.5)
    np.testing.assert_allclose(np.exp(classes), [[0.6, 0.4], [0.98, 0.02]], rtol=1e-5)
    np.testing.assert_allclose(turned, [0.5, 0.98], rtol=1e-5)


def test_a_rare_turn_needs_more_evidence():
    classes, turned = separate_polarity(JOINT, turned_share=0.1)
    # 0.9 · (0.4, 0.1) and 0.1 · (0.2, 0.3), scaled to a sum of 1.
    np.testing.assert_allclose(np.exp(classes[0]), np.array([0.38, 0.12]) / 0.5, rtol=1e-5)
    np.testing.assert_allclose(turned[0], 0.05 / 0.5, rtol=1e-5)
    assert turned[1] > 0.8


def test_bad_arguments():
    with pytest.raises(ValueError, match="two columns a class"):
        separate_polarity(JOINT[:, :3], turned_share=0.5)
    with pytest.raises(ValueError, match="got 4 columns and 1"):
        separate_polarity(JOINT, turned_share=1.0)
