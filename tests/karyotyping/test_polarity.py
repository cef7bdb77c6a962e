from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax

from superxception_jax.karyotyping.polarity import read_classes, separate_polarity, weigh_polarity

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


def _cell(turned):
    """Return the outputs of images that a network is sure of, but for one that it can't tell."""
    sure = np.log([0.97, 0.01, 0.01, 0.01])
    doubtful = np.log([0.49, 0.01, 0.49, 0.01])
    rows = [np.roll(sure, 2) if down else sure for down in turned]
    return np.array([*rows, doubtful], np.float32)


@pytest.mark.parametrize(
    ("turned", "low", "high"),
    [((0,) * 20, 0.0, 0.05), ((1,) * 20, 0.95, 1.0), ((0, 1) * 10, 0.4, 0.6)],
)
def test_the_images_of_a_cell_tell_the_share(turned, low, high):
    found = weigh_polarity(_cell(turned), turned_share=None)
    assert low <= found.turned_share <= high
    # What can't be told from the image follows the others.
    assert low <= found.turned[-1] <= high
    np.testing.assert_array_equal(found.turned[:-1] > 0.5, np.array(turned, bool))


def test_a_single_image_tells_no_share():
    """The average over all shares, weighed by the image itself, is one half each."""
    found = weigh_polarity(JOINT[1:], turned_share=None)
    even = weigh_polarity(JOINT[1:], turned_share=0.5)
    np.testing.assert_allclose(found.joint, even.joint, atol=1e-6)


def test_the_average_over_shares_is_the_sum_over_all_polarities():
    """Three images: eight ways to turn them, each as likely as the share's prior makes it."""
    rows = np.array([[0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    ways = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    # Moments of Beta(1/2, 1/2) by the number of turned images among three.
    moments = np.array([5.0, 1.0, 1.0, 5.0]) / 16
    likely = np.array([moments[way.sum()] * rows[range(3), way].prod() for way in ways])
    expected = (likely[:, None] * ways).sum(axis=0) / likely.sum()
    found = weigh_polarity(np.log(rows).astype(np.float32), turned_share=None)
    np.testing.assert_allclose(found.turned, expected, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(logits=arrays(np.float64, (4, 6), elements=st.floats(-30, 30)))
def test_turning_all_images_turns_the_share(logits):
    joint = log_softmax(logits, axis=1).astype(np.float32)
    found = weigh_polarity(joint, turned_share=None)
    other = weigh_polarity(np.roll(joint, 3, axis=1), turned_share=None)
    assert other.turned_share == pytest.approx(1 - found.turned_share, abs=1e-9)
    np.testing.assert_allclose(other.turned, 1 - found.turned, atol=1e-9)
    np.testing.assert_allclose(other.classes, found.classes, rtol=1e-5, atol=1e-5)


def test_the_class_tells_the_polarity():
    """By itself the first image of `JOINT` is undecided: class 0 is upright, class 1 turned."""
    found = weigh_polarity(JOINT, turned_share=0.5)
    classes = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(found.turned_given(classes), [0.2 / 0.6, 0.5], rtol=1e-6)
    np.testing.assert_allclose(
        found.turned_given(np.exp(found.classes).astype(float)), found.turned
    )


def test_bad_arguments():
    with pytest.raises(ValueError, match="two columns per class"):
        separate_polarity(JOINT[:, :3], turned_share=0.5)
    with pytest.raises(ValueError, match="got 4 columns and 1"):
        separate_polarity(JOINT, turned_share=1.0)


def test_cells_that_may_be_any_way_up_tell_their_own_share():
    generator = np.random.default_rng(0)
    joint = log_softmax(generator.normal(0.0, 2.0, (9, 6)), axis=1).astype(np.float32)
    cells = np.array(list("aabbbacca"))
    upright = cells != "b"
    found = read_classes(joint, cells=cells, upright=upright, turned_share=0.01)
    for cell in "abc":
        some = cells == cell
        # One share for all cells that are known to be upright, whatever their images say.
        share = None if cell == "b" else 0.01
        expected = weigh_polarity(joint[some], turned_share=share).classes
        np.testing.assert_array_equal(found[some], expected)
