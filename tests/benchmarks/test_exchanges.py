from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.exchanges import find_exchanges
from superxception_jax.evaluation.predictions import Predictions


def make(labels, assigned, read=None):
    count = len(labels)
    scores = np.full((count, 24), -8.0, np.float32)
    scores[np.arange(count), assigned if read is None else read] = -0.01
    return Predictions(
        names=np.array([f"image {index}" for index in range(count)]),
        cells=np.array(["a"] * 4 + ["b"] * (count - 4)),
        cases=np.array(["case"] * count),
        labels=np.array(labels, np.int32),
        log_probabilities=scores,
        assigned=None if assigned is None else np.array(assigned, np.int64),
    )


def seen(found):
    return {
        cell: [(one.index, one.label, one.assigned, one.by_itself) for one in images]
        for cell, images in found.items()
    }


def test_an_exchange_is_what_all_networks_see():
    labels = [0, 1, 2, 3, 4, 5]
    exchanged = make(labels, [1, 0, 2, 3, 5, 4], read=[1, 1, 2, 3, 5, 4])
    assert seen(find_exchanges([exchanged, make(labels, [1, 0, 2, 3, 4, 5])])) == {
        "a": [(0, 0, 1, 2), (1, 1, 0, 1)]
    }
    assert find_exchanges([exchanged, make(labels, labels)]) == {}
    # Both see other classes.
    assert find_exchanges([exchanged, make(labels, [2, 1, 0, 3, 4, 5])]) == {}


def test_a_circle_is_an_exchange_and_a_chain_is_none():
    labels = [0, 1, 2, 3]
    circle, chain = make(labels, [1, 2, 0, 3]), make(labels, [1, 2, 3, 3])
    assert [one.index for one in find_exchanges([circle])["a"]] == [0, 1, 2]
    assert find_exchanges([chain]) == {}


def test_a_bridge_between_circles_and_an_uneven_circle_are_none():
    bridge = make([0, 1, 2, 3, 4, 4], [1, 0, 3, 2, 4, 4])
    bridged = dataclasses.replace(
        bridge,
        cells=np.array(["a"] * 6),
        labels=np.array([0, 1, 2, 3, 1, 5], np.int32),
        assigned=np.array([1, 0, 3, 2, 2, 5]),
    )
    assert [one.index for one in find_exchanges([bridged])["a"]] == [0, 1, 2, 3]
    assert find_exchanges([make([13, 13, 14, 0], [14, 14, 13, 0])]) == {}


def test_other_images_and_missing_assignments_are_refused():
    one = make([0, 1, 2, 3], [0, 1, 2, 3])
    with pytest.raises(ValueError, match="must be of the same images"):
        find_exchanges([one, make([0, 1, 2, 2], [0, 1, 2, 3])])
    with pytest.raises(ValueError, match="1 assignments of 2"):
        find_exchanges([one, make([0, 1, 2, 3], None, read=[0, 1, 2, 3])])
