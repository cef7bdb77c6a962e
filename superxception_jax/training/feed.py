"""The batches of a training, on the devices before they are needed."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Iterator
from typing import TypeVar

import jax
import numpy as np

from superxception_jax.data.batches import training_indices
from superxception_jax.training.compile import own_rows, place_own_rows
from superxception_jax.training.task import Task

_Item = TypeVar("_Item")

# A batch that is used and one that is on its way to the devices.
_AHEAD = 2
# Of images in a file: batches that are read before they are asked for, and threads that read them.
_READ_AHEAD = 4
_THREADS = 4


def training_batches(task: Task, *, first: int, last: int) -> Iterator[tuple[jax.Array, jax.Array]]:
    """Yield the batches of a training, the same for any number of devices and processes.

    They are the same for images in a file, which threads read ahead.

    Args:
        task: Training; each process fetches only the rows of its own devices.
        first: Number of the first step, from 0.
        last: Number of the step before which the batches end.

    Yields:
        Images u8[B,S,S,1] and their targets, split over the devices.

    Raises:
        ValueError: A file of images is damaged.
    """
    return ahead(_batches(task, first=first, last=last), count=_AHEAD)


def _batches(task: Task, *, first: int, last: int) -> Iterator[tuple[jax.Array, jax.Array]]:
    settings = task.settings
    rows = own_rows(settings.batch_size, task.mesh)

    def fetch(step: int) -> tuple[np.ndarray, np.ndarray]:
        indices = training_indices(
            len(task.images), batch_size=settings.batch_size, seed=settings.seed, step=step
        )[rows]
        return task.images[indices], task.targets[indices]

    stored = not all(isinstance(one, np.ndarray) for one in (task.images, task.targets))
    read = _read_ahead if stored else map
    for images, targets in read(fetch, range(first, last)):
        yield place_own_rows(images, task.mesh), place_own_rows(targets, task.mesh)


def _read_ahead(fetch: Callable[[int], _Item], steps: range) -> Iterator[_Item]:
    """Yield what is fetched for each step, read by threads while the caller works."""
    # Here, because only what is larger than the memory needs it.
    import grain

    options = grain.ReadOptions(num_threads=_THREADS, prefetch_buffer_size=_READ_AHEAD)
    batches = grain.MapDataset.range(steps.start, steps.stop).map(fetch).to_iter_dataset(options)
    iterator = iter(batches)
    try:
        yield from iterator
    finally:
        iterator.close()


def ahead(items: Iterator[_Item], *, count: int) -> Iterator[_Item]:
    """Yield items, having asked for the next ones already.

    A copy to a device goes on while the caller works, so the next batch is there in time.

    Args:
        items: What is yielded, in its order.
        count: Number of items that are asked for before the first is yielded, at least 1.

    Yields:
        The items.

    >>> list(ahead(iter([1, 2, 3]), count=2))
    [1, 2, 3]
    """
    waiting = collections.deque(itertools.islice(items, count))
    while waiting:
        item = waiting.popleft()
        yield item
        waiting.extend(itertools.islice(items, 1))
