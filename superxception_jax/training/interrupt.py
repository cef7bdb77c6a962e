"""Ctrl-C and SIGTERM as a request to stop after the current step."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def stop_signals() -> Iterator[Callable[[], str]]:
    """Record SIGINT and SIGTERM, so that the loop can check for them after each step.

    A second signal has its previous effect at once.

    Yields:
        A function that returns the name of the received signal, empty if there is none.
    """
    received: list[str] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    earlier = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in earlier.items():
            signal.signal(number, handler)

    def handle(number: int, _frame: object) -> None:
        received.append(signal.Signals(number).name)
        restore()

    for number in numbers:
        signal.signal(number, handle)
    try:
        yield lambda: received[0] if received else ""
    finally:
        restore()
