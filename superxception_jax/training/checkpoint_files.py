"""The files of a checkpoint on the disk: whether all are complete, and why one wasn't written."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import tensorstore
from absl import logging as absl_logging

from superxception_jax.system import Stopped

_PATIENCE_SECONDS = 5.0
# A disk with less is full for any checkpoint.
_LITTLE_BYTES = 1 << 16
_FULL = ("No space left on device", "RESOURCE_EXHAUSTED", "ENOSPC", "Disk quota exceeded")
_REMEDY = (
    "start launch/main.py with this run's folder as --workdir: it uses the other checkpoint where "
    "that is as good a start, and says so"
)


class OtherNetworkError(ValueError):
    """A checkpoint is sound and belongs to another network."""


class DamagedCheckpointError(ValueError):
    """A checkpoint is there and can't be read."""


def check_step_files(folder: Path) -> None:
    """Raise if a file of a checkpoint is missing, truncated or no JSON.

    What reads whole checkpoints reports a damaged one by dozens of lines, if at all.

    Args:
        folder: Folder of one step, with the items `state` and `progress`.

    Raises:
        ValueError: A file is damaged or missing.
        OSError: A file can't be read for another reason, such as its permissions.
    """
    state = folder / "state"
    paths = [folder / "progress" / "metadata", state / "_METADATA"]
    # Not every version writes these.
    paths += [path for path in (state / "_sharding",) if path.exists()]
    paths += sorted((state / "array_metadatas").glob("*"))
    for path in paths:
        try:
            json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise ValueError(f"{path.relative_to(folder)} is missing") from error
        except ValueError as error:
            raise ValueError(f"{path.relative_to(folder)} is no JSON") from error
    _check_bytes(state)


def _check_bytes(state: Path) -> None:
    """Read the bytes of all arrays, one after the other."""
    base = {"driver": "file", "path": f"{state}/"}
    try:
        store = tensorstore.KvStore.open({"driver": "ocdbt", "base": base}).result()
        names = store.list().result()
        for name in names:
            store.read(name).result()
    except ValueError as error:
        raise ValueError(f"the arrays in {state.name} are incomplete") from error
    if not names:
        raise ValueError(f"there are no arrays in {state.name}")


@contextlib.contextmanager
def quiet_failures() -> Iterator[None]:
    """Keep orbax from printing the tracebacks of its threads; what it raises says the same."""

    def only_stops(found: sys.UnraisableHookArgs) -> None:
        if isinstance(found.exc_value, Stopped):
            earlier[1](found)

    earlier = absl_logging.get_verbosity(), sys.unraisablehook
    asyncio_logger = logging.getLogger("asyncio")
    level = asyncio_logger.level
    absl_logging.set_verbosity(absl_logging.FATAL)
    asyncio_logger.setLevel(logging.CRITICAL + 1)
    sys.unraisablehook = only_stops
    before = set(threading.enumerate())
    try:
        yield
    except BaseException:
        level = asyncio_logger.level  # stays: what was not awaited is reported whenever it is freed
        for thread in set(threading.enumerate()) - before:
            # It would print its traceback, and write, later.
            thread.join(_PATIENCE_SECONDS)
        raise
    finally:
        absl_logging.set_verbosity(earlier[0])
        sys.unraisablehook = earlier[1]
        asyncio_logger.setLevel(level)


def check_arrays(directory: Path, stored: Any, like: Any, *, parts: set[str]) -> None:
    """Compare the stored arrays with the expected ones: orbax casts dtypes silently.

    Args:
        directory: Folder of the checkpoint, for the message.
        stored: Tree of the metadata of the stored arrays.
        like: Tree of the expected arrays.
        parts: First names of the arrays to compare.

    Raises:
        OtherNetworkError: Names, shapes or dtypes differ.
    """
    expected = {
        jax.tree_util.keystr(path, simple=True, separator="."): _signature(leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(like)
    }
    found = {
        leaf.name: _signature(leaf)
        for leaf in jax.tree.leaves(stored)
        if leaf.name.partition(".")[0] in parts
    }
    wrong = sorted(name for name in found | expected if found.get(name) != expected.get(name))
    if wrong:
        name = wrong[0]
        raise OtherNetworkError(
            f"`{directory}` must hold the network of the given config, but {len(wrong)}"
            f" arrays differ, such as `{name}`: stored {found.get(name, 'absent')}, expected "
            f"{expected.get(name, 'absent')}; restore it with the config of its run."
        )


def _signature(array: Any) -> str:
    return f"{array.dtype}{list(array.shape)}"


def delete_incomplete(directory: Path) -> None:
    """Delete what an interrupted or failed saving left behind.

    Args:
        directory: Folder of the checkpoints of one kind, into which nothing else writes.
    """
    for path in directory.glob("*.orbax-checkpoint-tmp*"):
        shutil.rmtree(path, ignore_errors=True)


def set_aside(directory: Path, kind: str, step: int) -> None:
    """Rename a damaged checkpoint, in case that somebody can still repair it.

    Args:
        directory: Folder of the checkpoints of a run.
        kind: `latest` or `best`.
        step: Its step.
    """
    target = directory / f"damaged-{kind}-{step}"
    shutil.rmtree(target, ignore_errors=True)
    (directory / kind / str(step)).rename(target)


def last_set_aside(directory: Path, kind: str) -> int:
    """Return the highest step of a checkpoint that was set aside, which tells that it was reached.

    Args:
        directory: Folder of the checkpoints of a run.
        kind: `latest` or `best`.

    Returns:
        The step; 0 if there is none.
    """
    ends = (path.name.rpartition("-")[2] for path in directory.glob(f"damaged-{kind}-*"))
    return max((int(end) for end in ends if end.isdecimal()), default=0)


def failed_save(folder: Path, error: Exception | None) -> OSError:
    """Return the error of a checkpoint that could not be written.

    Args:
        folder: Folder of the step.
        error: What was raised; None if nothing was.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number is None and error is not None:
        full = any(text in str(error) for text in _FULL)
        free = shutil.disk_usage(folder.parent).free
        number = errno.ENOSPC if full or free < _LITTLE_BYTES else None
    if number is None:
        reason = str(error).strip().splitlines()[0] if error and str(error) else "no reason given"
        return OSError(
            f"`{folder}` could not be written ({reason}); check the disk and run the same command "
            "again."
        )
    return OSError(number, os.strerror(number), str(folder))


def damaged_checkpoint(folder: Path, error: Exception) -> DamagedCheckpointError:
    """Return the error of a checkpoint that can't be read.

    Args:
        folder: Folder of the step.
        error: What reading it raised.
    """
    text = str(error).strip().splitlines() or [type(error).__name__]
    return DamagedCheckpointError(
        f"`{folder}` must be a complete checkpoint, got a damaged one ({text[0]}); {_REMEDY}."
    )


def lost_checkpoints(directory: Path, *problems: str) -> DamagedCheckpointError:
    """Return the error of checkpoints of which none can stand in for another.

    Args:
        directory: Folder of the checkpoints of a run.
        problems: What is wrong, in sentences.
    """
    return DamagedCheckpointError(
        f"{' '.join(problems)} Restore `{directory}` from a copy, or delete it to train the run "
        "from its start."
    )


def problem_of(error: Exception) -> str:
    """Return what is wrong with a checkpoint, without the remedy.

    Args:
        error: Error of a damaged or missing checkpoint.
    """
    return str(error).rpartition("; ")[0] + "."
