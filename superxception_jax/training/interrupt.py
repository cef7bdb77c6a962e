"""Ctrl-C and SIGTERM as a polite request."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def stop_signals() -> Iterator[Callable[[], str]]:
    """Turn SIGINT and SIGTERM into a question that the loop asks after each step.

    A second signal acts at once, as if this had not been here.

    Yields:
        A function that returns the name of the signal received, empty if none.
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
