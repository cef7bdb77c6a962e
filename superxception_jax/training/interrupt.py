"""Signals as a request to stop after the current step."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

from superxception_jax.system import heeded_signals


@contextlib.contextmanager
def stop_signals() -> Iterator[Callable[[], str]]:
    """Record the signals that ask to stop, so that the loop can check for them after each step.

    They are those of `system.STOP_SIGNALS` that the process doesn't ignore. A second signal has
    its previous effect at once.

    Yields:
        A function that returns the name of the received signal, empty if there is none.
    """
    received: list[str] = []
    earlier = {number: signal.getsignal(number) for number in heeded_signals()}

    def restore() -> None:
        for number, handler in earlier.items():
            signal.signal(number, handler)

    def handle(number: int, _frame: object) -> None:
        received.append(signal.Signals(number).name)
        restore()

    for number in earlier:
        signal.signal(number, handle)
    try:
        yield lambda: received[0] if received else ""
    finally:
        restore()
