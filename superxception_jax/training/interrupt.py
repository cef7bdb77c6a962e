"""Signals as a request to stop after the current step, the same one in all processes."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.system import heeded_signals
from superxception_jax.training.compile import compile_replicated, place_own_rows


@contextlib.contextmanager
def stop_signals() -> Iterator[Callable[[], str]]:
    """Record the signals that ask to stop, so that the loop can check for them after each step.

    They are those of `system.STOP_SIGNALS` that the process doesn't ignore. After one of them,
    SIGINT has its previous effect at once, as a user who presses Ctrl-C again doesn't want to wait.
    Others only ask once more: systems and clusters send several for one stop.

    Yields:
        A function that returns the name of the received signal, empty if there is none.
    """
    received: list[str] = []
    earlier = {number: signal.getsignal(number) for number in heeded_signals()}

    def handle(number: int, _frame: object) -> None:
        received.append(signal.Signals(number).name)
        if signal.SIGINT in earlier:
            signal.signal(signal.SIGINT, earlier[signal.SIGINT])

    for number in earlier:
        signal.signal(number, handle)
    try:
        yield lambda: received[0] if received else ""
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def agreed(stop_requested: Callable[[], str], mesh: jax.sharding.Mesh) -> Callable[[], str]:
    """Return a function like the given one that answers the same in all processes.

    All must call it at the same points. It answers what the processes had heard up to the call
    before: the exchange goes on while the devices work.

    Args:
        stop_requested: Function that returns the name of a signal to this process, empty if there
            was none.
        mesh: Devices of all processes.

    Returns:
        The function; the given one in a single process.
    """
    if jax.process_count() == 1:
        return stop_requested
    largest = compile_replicated(jnp.max, mesh)
    own_devices = len(mesh.local_devices)
    pending: list[jax.Array] = []

    def stop_agreed() -> str:
        name = stop_requested()
        number = signal.Signals[name].value if name else 0
        pending.append(largest(place_own_rows(np.full(own_devices, number, np.int32), mesh)))
        agreed_number = int(pending.pop(0)) if len(pending) > 1 else 0
        return signal.Signals(agreed_number).name if agreed_number else ""

    return stop_agreed
