"""The connection of a process to the others of its run, by JAX's own means."""

from __future__ import annotations

import threading
import time
from typing import Any, TextIO

import jax

from superxception_jax.training.hosts.cluster import Place
from superxception_jax.training.hosts.coordinator import HEARTBEAT_SECONDS, SHUTDOWN_SECONDS


def locate(place: Place, *, start_seconds: float) -> str:
    """Return the address of the coordinator, which SLURM, Open MPI and Cloud TPU let JAX find.

    Args:
        place: This process.
        start_seconds: The longest wait for the address.

    Raises:
        ValueError: Nothing tells the address.
    """
    if place.coordinator:
        return place.coordinator
    from jax._src import clusters

    address, *_ = clusters.ClusterEnv.auto_detect_unset_distributed_params(
        None, place.count, place.index, None, None, int(start_seconds)
    )
    if address is None:
        raise ValueError(
            "`--coordinator` must be HOST:PORT of the first process where nothing else states it; "
            "add it."
        )
    return address


def connect(place: Place, *, start_seconds: float) -> None:
    """Connect to the others in a thread: a signal to this process acts while it waits.

    Args:
        place: This process, with the coordinator's address.
        start_seconds: Seconds after which those that have come give up waiting for the others.

    Raises:
        TimeoutError: Not all processes came.
    """
    failures: list[BaseException] = []

    def initialize() -> None:
        try:
            jax.distributed.initialize(
                place.coordinator,
                place.count,
                place.index,
                local_device_ids=None if place.card is None else [place.card],
                # Later than the limit here, because JAX would abort the process at its own.
                initialization_timeout=int(start_seconds) + HEARTBEAT_SECONDS,
                heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
                shutdown_timeout_seconds=SHUTDOWN_SECONDS,
                # JAX insists on a service in the first process; the one that is used is in a
                # process of its own.
                coordinator_bind_address="127.0.0.1:0",
            )
        except BaseException as error:  # raised again by the caller
            failures.append(error)

    thread = threading.Thread(target=initialize, daemon=True)
    thread.start()
    last = time.monotonic() + start_seconds
    while thread.is_alive() and time.monotonic() < last:
        thread.join(0.05)
    if thread.is_alive():
        raise TimeoutError(
            f"all {place.count} processes must start within {start_seconds:.0f} s, but at least "
            f"one didn't reach `{place.coordinator}`; start each with the same --coordinator and "
            "--process_count and an index of its own, from 0, and allow connections to that "
            "port, or raise --start_seconds."
        )
    if failures:
        raise failures[0]


class Prefixed:
    """A text stream each of whose lines names the process."""

    def __init__(self, stream: TextIO, prefix: str) -> None:
        """Begin a line.

        Args:
            stream: Where the text goes.
            prefix: What comes before each line.
        """
        self._stream, self._prefix = stream, prefix
        self._begins = True

    def __getattr__(self, name: str) -> Any:
        """Return what the stream itself has."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text."""
        for line in text.splitlines(keepends=True):
            if self._begins and line.strip():
                self._stream.write(self._prefix)
            self._begins = line.endswith("\n")
            self._stream.write(line)
        return len(text)
