from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.data.batches import epoch_order, evaluation_batches, training_indices


def test_an_order_is_drawn_once_an_epoch_and_can_not_be_changed(monkeypatch):
    draws = []
    draw = np.random.default_rng

    def count(seed):
        draws.append(seed)
        return draw(seed)

    monkeypatch.setattr(np.random, "default_rng", count)
    for step in (*range(6), *range(6)):
        training_indices(9, batch_size=3, seed=123, step=step)
    assert draws == [[123, 0], [123, 1]]
    with pytest.raises(ValueError, match="read-only"):
        epoch_order(9, seed=123, epoch=0)[0] = 1


def test_epoch_order_is_a_permutation_that_depends_on_seed_and_epoch_only():
    order = epoch_order(50, seed=3, epoch=2)
    assert order.dtype == np.int64
    assert sorted(order.tolist()) == list(range(50))
    np.testing.assert_array_equal(order, epoch_order(50, seed=3, epoch=2))
    assert not np.array_equal(order, epoch_order(50, seed=3, epoch=1))
    assert not np.array_equal(order, epoch_order(50, seed=2, epoch=2))
    # [seed, epoch] is one stream each: no seed shares its epochs with another.
    assert not np.array_equal(epoch_order(50, seed=0, epoch=1), epoch_order(50, seed=1, epoch=0))


def test_an_epoch_takes_its_order_in_turn_and_drops_the_remainder():
    order = epoch_order(11, seed=0, epoch=0)
    batches = [training_indices(11, batch_size=4, seed=0, step=step) for step in range(2)]
    np.testing.assert_array_equal(np.concatenate(batches), order[:8])
    following = training_indices(11, batch_size=4, seed=0, step=2)
    np.testing.assert_array_equal(following, epoch_order(11, seed=0, epoch=1)[:4])


def test_the_remainder_is_another_one_in_every_epoch():
    seen = {
        int(index)
        for step in range(2 * 6)
        for index in training_indices(11, batch_size=4, seed=0, step=step)
    }
    assert seen == set(range(11))


def test_resuming_at_any_step_gives_the_same_batches():
    whole = [training_indices(13, batch_size=3, seed=7, step=step) for step in range(20)]
    for start in (0, 3, 4, 17):
        resumed = [training_indices(13, batch_size=3, seed=7, step=s) for s in range(start, 20)]
        np.testing.assert_array_equal(np.stack(whole[start:]), np.stack(resumed))


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 70), batch_size=st.integers(1, 40))
def test_evaluation_visits_every_image_once_in_order(count, batch_size):
    batches = list(evaluation_batches(count, batch_sizes=(batch_size,)))
    assert all(i.shape == m.shape == (batch_size,) for i, m in batches)
    visited = np.concatenate([indices[mask] for indices, mask in batches])
    np.testing.assert_array_equal(visited, np.arange(count))
    assert all(mask.any() for _, mask in batches)


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [1]), (7, [8]), (15, [8, 8]), (45, [46]), (46, [46]), (47, [46, 1]), (92, [46, 46])],
)
def test_a_cell_is_computed_with_little_padding(count, sizes):
    batches = list(evaluation_batches(count, batch_sizes=(1, 8, 46, 64)))
    assert [len(indices) for indices, _ in batches] == sizes
    visited = np.concatenate([indices[mask] for indices, mask in batches])
    np.testing.assert_array_equal(visited, np.arange(count))


def test_padding_is_a_valid_index_and_masked_sums_are_exact():
    values = np.arange(10.0) + 1
    for batch_size in (1, 3, 4, 10, 16):
        total = sum(
            float((values[indices] * mask).sum())
            for indices, mask in evaluation_batches(10, batch_sizes=(batch_size,))
        )
        assert total == 55.0


def test_batch_size_of_all_images_is_one_step_per_epoch():
    assert sorted(training_indices(4, batch_size=4, seed=0, step=9).tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: training_indices(3, batch_size=4, seed=0, step=0),
            "`batch_size` must be at most the number of training images, 3, got 4; lower it",
        ),
        (lambda: training_indices(3, batch_size=0, seed=0, step=0), "`batch_size` must be at le"),
        (lambda: training_indices(3, batch_size=1, seed=0, step=-1), "`step` must be at least 0"),
        (lambda: epoch_order(0, seed=0, epoch=0), "`count` must be at least 1, got 0"),
        (lambda: epoch_order(3, seed=-1, epoch=0), "`seed` must be at least 0, got -1"),
        (lambda: list(evaluation_batches(0, batch_sizes=(2,))), "`count` must be at least 1"),
        (lambda: list(evaluation_batches(2, batch_sizes=(0,))), "`batch_sizes` must be at least 1"),
    ],
)
def test_numbers_out_of_range_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
