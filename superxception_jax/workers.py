"""Work that is shared among processes: one per core, in the order in which it was given.

The functions and their arguments travel between processes, so they must be importable by name.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, ParamSpec, TypeVar

from superxception_jax.system import STOP_SIGNALS

_P = ParamSpec("_P")
_T = TypeVar("_T")
# Tasks that are given ahead of the one whose result is awaited, per process: enough that none is
# idle, and few enough for the memory.
_AHEAD = 2
_MOST_ON_WINDOWS = 61  # processes that one of them can wait for there
# Read by the numerical libraries when a process starts: with one process per core, each with
# threads for all cores, they would wait for each other.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """Processes that call functions; with one, this process calls them itself.

    Use it in a `with` block. If the block raises, what has not begun is dropped.
    """

    def __init__(self, processes: int, *, imports: Sequence[str] = ()) -> None:
        """Start nothing yet: the processes begin with the first tasks, or with `start`.

        Args:
            processes: Number of processes, at least 1; on Windows, 61 of them are used at most.
            imports: Modules that each of them imports when it starts.

        Raises:
            ValueError: There is none.
        """
        if processes < 1:
            raise ValueError(f"`processes` must be at least 1, got {processes}; give one per core.")
        self.processes = processes
        if sys.platform == "win32":
            self.processes = min(processes, _MOST_ON_WINDOWS)
        self._imports = tuple(imports)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        """Return the workers."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Wait for what has begun, and end the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=kind is not None)

    def start(self) -> None:
        """Start the processes now, so that they get ready while this one does."""
        if self._pool is None and self.processes > 1:
            self._pool = _start_pool(self.processes, self._imports)

    def submit(
        self, function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Future[_T]:
        """Return the result of a call to come; without other processes, the call is made now.

        Args:
            function: Function of a module.
            *args: Arguments.
            **kwargs: Named arguments.

        Returns:
            The future; its `result` raises what the function raised. See `result_of`.
        """
        if self.processes == 1:
            future: Future[_T] = Future()
            try:
                future.set_result(function(*args, **kwargs))
            except Exception as error:  # As from another process: whoever asks gets it.
                future.set_exception(error)
            return future
        self.start()
        assert self._pool is not None
        try:
            return self._pool.submit(function, *args, **kwargs)
        except BrokenProcessPool as error:
            raise _lost(error) from error

    def map(self, function: Callable[[Any], _T], items: Iterable[Any]) -> Iterator[_T]:
        """Yield the result for each item, in order; few of them are computed ahead.

        Args:
            function: Function of a module.
            items: Arguments; taken as they are needed.

        Yields:
            The results.
        """
        waiting: deque[Future[_T]] = deque()
        for item in items:
            waiting.append(self.submit(function, item))
            if len(waiting) >= _AHEAD * self.processes or self.processes == 1:
                yield result_of(waiting.popleft())
        while waiting:
            yield result_of(waiting.popleft())


def result_of(future: Future[_T]) -> _T:
    """Return the result of a task.

    Args:
        future: What `Workers.submit` returned.

    Returns:
        The result.

    Raises:
        OSError: The process was ended from outside, as by a system that is out of memory.
    """
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise _lost(error) from error


def _lost(error: BrokenProcessPool) -> OSError:
    return OSError(
        "a worker process was ended from outside, perhaps because the memory was exhausted; run "
        "the same command again, and on one core if it happens again (`karyotype --processes=1`, "
        f"others with `taskset -c 0` before the command; {error})"
    )


class _Process(SpawnProcess):
    """A process that ends although it ignores SIGTERM.

    A pool that lost a process terminates the others, and waits for them.
    """

    def terminate(self) -> None:
        """End the process."""
        self.kill()


class _Context(SpawnContext):
    """Starts processes anew: a fork would copy the locks of numerical libraries in any state."""

    Process = _Process


def _start_pool(processes: int, imports: Sequence[str]) -> ProcessPoolExecutor:
    with _environment(dict.fromkeys(_ONE_THREAD, "1")):
        pool = ProcessPoolExecutor(
            processes, mp_context=_Context(), initializer=_begin, initargs=(imports,)
        )
        # All start now, while the environment is theirs.
        for _ in range(processes):
            pool.submit(_nothing)
    return pool


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables that are not set, and unset them again."""
    new = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]


def _begin(imports: Sequence[str]) -> None:
    """Leave signals to the first process, end with it, however it ends, and import modules."""
    for one in STOP_SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for name in imports:
        importlib.import_module(name)
    # Modules stay: to search them for garbage again and again takes a twentieth of the time.
    gc.freeze()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _nothing() -> None:
    """Do nothing: a process starts with its first task."""
