"""Batches as pure functions of (seed, step): a run can resume at any step, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def epoch_order(count: int, *, seed: int, epoch: int) -> np.ndarray:
    """Return the order in which an epoch visits the training images.

    Args:
        count: number of images, at least 1.
        seed: seed of the run, at least 0.
        epoch: number of the epoch, from 0.

    Returns:
        i64[count], a permutation of 0..count-1.

    Raises:
        ValueError: a number is out of its range.

    **Source:** ours, because an order that depends on earlier epochs can't be resumed.
    """
    _check_at_least(1, count=count)
    _check_at_least(0, seed=seed, epoch=epoch)
    return np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64, copy=False)


def training_indices(count: int, *, batch_size: int, seed: int, step: int) -> np.ndarray:
    """Return the images of the training batch of one global step.

    An epoch has `count // batch_size` steps.  The remainder is dropped, which loses
    nothing over a run: another remainder is drawn in every epoch.

    Args:
        count: number of training images, at least `batch_size`.
        batch_size: images per batch over all devices, at least 1.
        seed: seed of the run, at least 0.
        step: global step, from 0.

    Returns:
        i64[batch_size], indices into the training images.

    Raises:
        ValueError: a number is out of its range.

    **Source:** ours, because step n must be the same in a run that was never stopped.

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


def evaluation_batches(count: int, *, batch_size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield every image once, in order, in batches of one size.

    The last batch is padded with image 0, so that one compiled program serves all.

    Args:
        count: number of images, at least 1.
        batch_size: images per batch over all devices, at least 1.

    Yields:
        Pairs (indices i64[batch_size], mask bool[batch_size]); the mask is False for padding.

    Raises:
        ValueError: a number is out of its range.

    **Source:** ours, because sums under a mask are exact for any batch size.

    >>> [(i.tolist(), m.tolist()) for i, m in evaluation_batches(3, batch_size=2)]
    [([0, 1], [True, True]), ([2, 0], [True, False])]
    """
    _check_at_least(1, count=count, batch_size=batch_size)
    for start in range(0, count, batch_size):
        indices = np.arange(start, start + batch_size, dtype=np.int64)
        mask = indices < count
        yield np.where(mask, indices, 0), mask


def _check_at_least(minimum: int, **numbers: int) -> None:
    for name, number in numbers.items():
        if number < minimum:
            raise ValueError(f"`{name}` must be at least {minimum}, got {number}; raise it.")
