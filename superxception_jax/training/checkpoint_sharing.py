"""The checkpoints of a run of several processes: the first has the files, the others its word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.training.checkpoint import Checkpoints
from superxception_jax.training.compile import compile_replicated, place_own_rows
from superxception_jax.training.hosts.processes import is_first, process_count, tell
from superxception_jax.training.progress import Progress
from superxception_jax.training.state import TrainState

# Numbers that are sent at once: 4 MB to each device.
_CHUNK = 1 << 20


class SharedCheckpoints:
    """The checkpoints of a run, read and written by the first process alone.

    All processes call every method, at the same point. The folder needs to be that of the first
    process only, which tells the others what it reads: a file that one computer has renamed may
    take a minute to appear on the others. An error ends the first process, and so the others. For
    the methods see `Checkpoints`.
    """

    def __init__(self, directory: Path) -> None:
        """Open the checkpoints of a run.

        Args:
            directory: Folder of the checkpoints, created if absent.

        Raises:
            ValueError: A file has the name of one of the folders.
        """
        self._own = Checkpoints(directory) if is_first() else None

    def __enter__(self) -> Self:
        """Return the checkpoints."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish writing."""
        if self._own is not None:
            self._own.__exit__(kind, error, traceback)

    def step(self, kind: str) -> int | None:
        """Return the step of the latest or the best checkpoint, None if there is none."""
        return tell(lambda: self._files.step(kind))

    def save(self, kind: str, state: TrainState, *, progress: Progress) -> None:
        """Write a checkpoint; no process returns before it is complete."""

        def write() -> None:
            self._files.save(kind, jax.tree.map(np.asarray, state), progress=progress)

        tell(write)

    def load(self, kind: str, like: TrainState) -> TrainState:
        """Load a whole state, from which a training can resume."""
        loaded = self._files.load(kind, _zeros(like)) if is_first() else None
        return spread(loaded, like)

    def load_variables(self, kind: str, like: Mapping[str, Any]) -> dict[str, Any]:
        """Load the variables of the network alone, without the state of the optimiser."""
        loaded = self._files.load_variables(kind, _zeros(like)) if is_first() else None
        return spread(loaded, dict(like))

    def progress(self, kind: str) -> Progress:
        """Load the progress of the training up to a checkpoint."""
        return Progress.from_json(tell(lambda: self._files.progress(kind).to_json()))

    def mend(self, like: TrainState, *, kept: str) -> str:
        """Replace a damaged or missing checkpoint by the other one, see `Checkpoints.mend`."""
        return tell(lambda: self._files.mend(_zeros(like), kept=kept))

    @property
    def _files(self) -> Checkpoints:
        assert self._own is not None, "only the first process has the files"
        return self._own


AnyCheckpoints = Checkpoints | SharedCheckpoints


def open_checkpoints(directory: Path) -> AnyCheckpoints:
    """Return the checkpoints of a run, for one process or for several.

    Args:
        directory: Folder of the checkpoints, created if absent.
    """
    return Checkpoints(directory) if process_count() == 1 else SharedCheckpoints(directory)


def spread(tree: Any, like: Any) -> Any:
    """Return the arrays of the first process, bit by bit, on the devices of all.

    Args:
        tree: Arrays in the first process; nothing in the others.
        like: Abstract arrays with the shapes, dtypes and replicated shardings of the result.
    """
    leaves, structure = jax.tree.flatten(like)
    mesh = leaves[0].sharding.mesh
    own = [None] * len(leaves) if tree is None else jax.tree.leaves(tree)
    sums = compile_replicated(lambda words: words.sum(axis=0, dtype=jnp.uint32), mesh)
    arrays = []
    for leaf, values in zip(leaves, own, strict=True):
        count = -(-leaf.size * leaf.dtype.itemsize // 4)
        words = np.zeros(count, np.uint32)
        if values is not None:
            data = np.ascontiguousarray(np.asarray(values, leaf.dtype)).reshape(-1).view(np.uint8)
            words.view(np.uint8)[: data.size] = data
        received = np.concatenate([np.zeros(0, np.uint32), *_exchange(words, sums, mesh)])
        found = received.view(np.uint8)[: leaf.size * leaf.dtype.itemsize].view(leaf.dtype)
        arrays.append(_place(found.reshape(leaf.shape), leaf.sharding))
    return jax.tree.unflatten(structure, arrays)


def _exchange(words: np.ndarray, sums: Any, mesh: jax.sharding.Mesh) -> Iterator[np.ndarray]:
    """Yield the words of the first process; those of the others are 0."""
    for first in range(0, len(words), _CHUNK):
        part = words[first : first + _CHUNK]
        # Few lengths, because a program is compiled for each.
        length = min(_CHUNK, 1 << (len(part) - 1).bit_length())
        rows = np.zeros((len(mesh.local_devices), length), np.uint32)
        rows[0, : len(part)] = part
        yield np.asarray(sums(place_own_rows(rows, mesh)))[: len(part)]


def _place(values: np.ndarray, sharding: jax.sharding.Sharding) -> jax.Array:
    return jax.make_array_from_callback(values.shape, sharding, lambda index: values[index])


def _zeros(like: Any) -> Any:
    """Return arrays of this process alone, as which orbax reads what all processes share."""
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), like)
