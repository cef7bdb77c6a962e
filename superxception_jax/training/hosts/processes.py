"""The processes of a run: joining and leaving, and what the first one tells the others.

The first process alone reads and writes the run's files and tells the others what they need. All
run the same program, so that they reach the same collective operations in the same order. No
wait is without an end: each has a limit, and `liveness` ends the waiting processes when another
one has ended.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO, TypeVar, cast

import jax
from jax._src import distributed  # JAX's store of keys and values has no public name.

from superxception_jax.system import heeded_signals
from superxception_jax.training.hosts.cluster import Place
from superxception_jax.training.hosts.connecting import Prefixed, connect, locate
from superxception_jax.training.hosts.coordinator import LEAVE, serving
from superxception_jax.training.hosts.liveness import Watch

_Value = TypeVar("_Value")

# Exit status of a process that ends because another one has ended.
LOST = 1
# The longest wait for the first process: it writes a checkpoint or a report meanwhile.
WAIT_SECONDS = 6 * 3600.0
# The longest wait for data that the first process prepares.
PREPARATION_SECONDS = 48 * 3600.0
_POLL_SECONDS = 0.005, 0.2


@dataclass
class _Run:
    """What a process that has joined others keeps; there is at most one.

    Attributes:
        place: This process.
        service: Keeps the coordinator's service in the first process.
        server: Its process.
        watch: Signs of life; None until all processes have come.
        advice: What to do if another process ends.
        told: Number of values told so far.
        meetings: Number of meetings so far.
    """

    place: Place
    service: contextlib.ExitStack
    server: subprocess.Popen[str] | None = None
    watch: Watch | None = None
    advice: str = "Start all processes again with the same command."
    told: int = 0
    meetings: int = 0


_run: _Run | None = None


def join(place: Place, *, start_seconds: float, lost_after_seconds: float) -> None:
    """Join the processes of a run, before any computation of JAX.

    Args:
        place: This process.
        start_seconds: Seconds after which those that have come give up waiting for the others.
        lost_after_seconds: Seconds without a sign of life after which a process counts as ended,
            and the others end.

    Raises:
        TimeoutError: Not all processes came.
        OSError: The port of the coordinator is in use.
    """
    global _run
    address = locate(place, start_seconds=start_seconds)
    place = dataclasses.replace(place, coordinator=address)
    _run = _Run(place, contextlib.ExitStack())
    if place.index:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the end
        sys.stderr = cast(TextIO, Prefixed(sys.stderr, f"{place}: "))
    else:
        _run.server = _run.service.enter_context(
            serving(
                place.port,
                count=place.count,
                start_seconds=start_seconds,
                linger_seconds=lost_after_seconds + 5.0,
            )
        )
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    connect(place, start_seconds=start_seconds)
    _run.watch = Watch(
        distributed.global_state.client,
        place,
        lost_after_seconds=lost_after_seconds,
        lost=_end_after,
    )
    # JAX's service for preemptions has put a handler of its own in the place of Python's.
    for one in heeded_signals():
        signal.signal(one, signal.getsignal(one))
    # The backends of all processes start together, which one that works alone would wait for.
    platform = jax.devices()[0].platform
    if not keeps_cache(platform, place.count):
        jax.config.update("jax_enable_compilation_cache", False)


def keeps_cache(platform: str, count: int) -> bool:
    """Return whether processes may keep compiled programs for later runs.

    Args:
        platform: Platform of the devices, "cpu", "gpu" or "tpu".
        count: Number of processes.
    """
    # On GPUs all must compile the same programs at the same time: XLA shares the trials of kernels
    # among them, and each waits for those of all others. The first process alone writes the cache,
    # so that where it has a folder of its own, it would compile nothing at the next start, and the
    # others would wait for a day.
    return platform != "gpu" or count == 1


def leave() -> None:
    """Wait until all processes have come to their end, and part from them in order."""
    global _run
    if _run is None:
        return
    meet()
    if _run.watch is not None:
        _run.watch.end()
    jax.distributed.shutdown()
    _run.service.close()
    _run = None


def end_failed(status: int, *, problem: str) -> None:
    """End this process at once, and tell the others why; do nothing in a single process.

    Args:
        status: Exit status.
        problem: Why, in one line.
    """
    if _run is None:
        return
    if _run.watch is not None:
        _run.watch.end()
        with contextlib.suppress(RuntimeError):
            _run.watch.report(problem)
    if _run.server is not None and _run.server.stdin is not None:
        with contextlib.suppress(OSError):
            _run.server.stdin.write(LEAVE)
            _run.server.stdin.close()
    _end(status)


def await_loss(limit_seconds: float) -> None:
    """Wait whether another process is found to have ended, on which this one ends too.

    Args:
        limit_seconds: The longest wait.
    """
    if _run is not None and _run.watch is not None:
        time.sleep(limit_seconds)


def advise(text: str) -> None:
    """Set what a process advises that ends because another one has ended.

    Args:
        text: A sentence.
    """
    if _run is not None:
        _run.advice = text


def is_first() -> bool:
    """Return whether this process reads and writes the files of the run; true for a single one."""
    return _run is None or _run.place.index == 0


def process_count() -> int:
    """Return the number of processes of the run."""
    return 1 if _run is None else _run.place.count


def tell(make: Callable[[], _Value], *, limit_seconds: float = WAIT_SECONDS) -> _Value:
    """Return what the first process makes, in every process.

    Args:
        make: Function that the first process alone calls; its result is what JSON can hold.
        limit_seconds: The longest wait for it.

    Returns:
        The result; from JSON in all processes but the first.

    Raises:
        TimeoutError: The first process took longer.
    """
    if _run is None:
        return make()
    _run.told += 1
    key = f"superxception/told/{_run.told}"
    client = cast(Any, distributed.global_state.client)
    if _run.place.index == 0:
        value = make()
        client.key_value_set(key, json.dumps(value))
        return value
    found = _poll(lambda: _try_get(client, key), limit_seconds=limit_seconds)
    return cast(_Value, json.loads(found))


def meet() -> None:
    """Return once all processes have come here.

    Raises:
        TimeoutError: A process took longer.
    """
    if _run is None:
        return
    _run.meetings += 1
    folder = f"superxception/met/{_run.meetings}/"
    client = cast(Any, distributed.global_state.client)
    client.key_value_set(f"{folder}{_run.place.index}", "here")
    count = _run.place.count
    _poll(lambda: len(client.key_value_dir_get(folder)) == count, limit_seconds=WAIT_SECONDS)


@contextlib.contextmanager
def first_alone() -> Iterator[None]:
    """Run a block in the first process, then in all others.

    Yields:
        Nothing.
    """
    if not is_first():
        tell(lambda: None, limit_seconds=PREPARATION_SECONDS)
    try:
        yield
    finally:
        if is_first():
            tell(lambda: None)


def _poll(look: Callable[[], Any], *, limit_seconds: float) -> Any:
    """Return the first result that isn't empty; a signal acts meanwhile, as in no other wait."""
    last, pause = time.monotonic() + limit_seconds, _POLL_SECONDS[0]
    while not (found := look()):
        if time.monotonic() > last:
            raise TimeoutError(
                f"the processes must keep step, but another one took longer than "
                f"{limit_seconds:.0f} s; start all again, which resumes the run."
            )
        time.sleep(pause)
        pause = min(2 * pause, _POLL_SECONDS[1])
    return found


def _try_get(client: Any, key: str) -> str:
    try:
        return client.key_value_try_get(key)
    except jax.errors.JaxRuntimeError as error:
        if "NOT_FOUND" in str(error):
            return ""
        raise


def _end_after(problem: str) -> None:
    """End this process because another one has ended."""
    advice = _run.advice if _run is not None else ""
    print(
        f"\nerror: {problem}; everything up to the latest checkpoint is saved.\n{advice}",
        file=sys.stderr,
    )
    _end(LOST)


def _end(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    # Without JAX's own end, which waits for the others and aborts.
    os._exit(status)
