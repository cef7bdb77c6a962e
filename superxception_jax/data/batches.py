"""Batches as pure functions of (seed, step): a run can resume at any step, bit for bit."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np


def epoch_order(count: int, *, seed: int, epoch: int) -> np.ndarray:
    """Return the order in which an epoch visits the training images.

    Args:
        count: Number of images, at least 1.
        seed: Random seed of the run, at least 0.
        epoch: Number of the epoch, from 0.

    Returns:
        i64[count], a permutation of 0..count-1, read-only; it doesn't depend on earlier epochs, so
        that a run can be resumed.

    Raises:
        ValueError: A number is out of its range.
    """
    _check_at_least(1, count=count)
    _check_at_least(0, seed=seed, epoch=epoch)
    return _draw_order(count, seed, epoch)


# Drawn once an epoch: that of a million images takes longer than a step of a small network. Two are
# kept, because the batches of the next epoch are asked for before the last of this one is used.
@functools.lru_cache(maxsize=2)
def _draw_order(count: int, seed: int, epoch: int) -> np.ndarray:
    order = np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64, copy=False)
    order.setflags(write=False)
    return order


def training_indices(count: int, *, batch_size: int, seed: int, step: int) -> np.ndarray:
    """Return the indices of the training images of one step.

    An epoch has `count // batch_size` steps. The remainder is dropped, which loses nothing over
    a run: every epoch has another remainder.

    Args:
        count: Number of training images, at least `batch_size`.
        batch_size: Images per batch over all devices, at least 1.
        seed: Random seed of the run, at least 0.
        step: Number of the step in the run, from 0.

    Returns:
        i64[batch_size], indices of training images.

    Raises:
        ValueError: A number is out of its range.

    >>> first = training_indices(5, batch_size=2, seed=0, step=0)
    >>> second = training_indices(5, batch_size=2, seed=0, step=1)
    >>> len({*first.tolist(), *second.tolist()})
    4
    """
    _check_at_least(1, batch_size=batch_size)
    _check_at_least(0, step=step)
    if count < batch_size:
        raise ValueError(
            f"`batch_size` must be at most the number of training images, {count}, "
            f"got {batch_size}; lower it or use more data."
        )
    epoch, step_in_epoch = divmod(step, count // batch_size)
    order = epoch_order(count, seed=seed, epoch=epoch)
    return order[step_in_epoch * batch_size : (step_in_epoch + 1) * batch_size]


def evaluation_batches(
    count: int, *, batch_sizes: tuple[int, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the indices of every image once, in order, in batches of few sizes.

    The last batch is padded with image 0, so that the programs compiled for these sizes serve
    any number of images; sums under the mask are exact for any batch size.

    Args:
        count: Number of images, at least 1.
        batch_sizes: Allowed numbers of images per batch over all devices, at least 1 each.

    Yields:
        Pairs (indices i64[b], mask bool[b]) with b one of the sizes; the mask is False for
        padding.

    Raises:
        ValueError: A number is out of its range.

    >>> [(i.tolist(), m.tolist()) for i, m in evaluation_batches(3, batch_sizes=(2,))]
    [([0, 1], [True, True]), ([2, 0], [True, False])]
    >>> [len(indices) for indices, _ in evaluation_batches(47, batch_sizes=(1, 8, 46, 64))]
    [46, 1]
    """
    _check_at_least(1, count=count, batch_sizes=min(batch_sizes, default=0))
    start = 0
    for size in _plan_batches(count, batch_sizes):
        indices = np.arange(start, start + size, dtype=np.int64)
        mask = indices < count
        yield np.where(mask, indices, 0), mask
        start += size


def _plan_batches(count: int, batch_sizes: tuple[int, ...]) -> list[int]:
    """Return the cheapest sizes; starting a batch costs about as much as one image."""
    if len(batch_sizes) == 1:
        return [batch_sizes[0]] * -(-count // batch_sizes[0])
    costs = [0]
    last = [0]
    for images in range(1, count + 1):
        cost, size = min((costs[max(images - size, 0)] + size + 1, size) for size in batch_sizes)
        costs.append(cost)
        last.append(size)
    plan = []
    while count > 0:
        plan.append(last[count])
        count -= last[count]
    return sorted(plan, reverse=True)


def _check_at_least(minimum: int, **numbers: int) -> None:
    for name, number in numbers.items():
        if number < minimum:
            raise ValueError(f"`{name}` must be at least {minimum}, got {number}; raise it.")
