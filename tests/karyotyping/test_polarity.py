from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax

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


@settings(max_examples=50, deadline=None)
@given(
    logits=arrays(np.float64, (4, 6), elements=st.floats(-30, 30)),
    turned_share=st.floats(0.01, 0.99),
)
def test_turning_the_images_swaps_the_halves(logits, turned_share):
    joint = log_softmax(logits, axis=1).astype(np.float32)
    classes, turned = separate_polarity(joint, turned_share=turned_share)
    # An upright image turned by 180° is a turned one, and the reverse.
    swapped = np.roll(joint, 3, axis=1)
    other, upright = separate_polarity(swapped, turned_share=1 - turned_share)
    np.testing.assert_allclose(other, classes, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(upright, 1 - turned, atol=1e-9)
    np.testing.assert_allclose(np.exp(classes).sum(axis=1), 1.0, rtol=1e-5)


def test_bad_arguments():
    with pytest.raises(ValueError, match="two columns per class"):
        separate_polarity(JOINT[:, :3], turned_share=0.5)
    with pytest.raises(ValueError, match="got 4 columns and 1"):
        separate_polarity(JOINT, turned_share=1.0)
