"""What the system does to a program: signals, its output, and what the system lacks."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO, cast

# Requests to stop: of the user, of a closed terminal, and of a cluster ahead of its limit. Not
# every system has all of them.
STOP_SIGNALS = tuple(
    signal.Signals[name]
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU", "SIGBREAK")
    if hasattr(signal, name)
)
_AGAIN_SECONDS = 0.05  # until a stop is asked for again; what ignored it is over by then


class Stopped(KeyboardInterrupt):
    """A signal asked the program to stop while there was nothing that only it could save.

    Attributes:
        signal_name: Name of the signal.
    """

    def __init__(self, signal_name: str) -> None:
        """Set the message."""
        super().__init__(f"stopped by {signal_name}; every file is complete or as it was before.")
        self.signal_name = signal_name


def check_training_platform() -> None:
    """End a program that trains or prepares data on a system for which that is impossible.

    Called before the imports that would fail there.

    Raises:
        SystemExit: 2 on Windows.
    """
    if sys.platform == "win32":
        print(
            "error: training, testing and preparing data need Linux or macOS, because "
            "array_record has no version for Windows; use the Windows Subsystem for Linux. "
            "`karyotype` works without it.",
            file=sys.stderr,
        )
        sys.exit(2)


def make_output_lasting() -> None:
    """Let stdout and stderr write any text, and outlive the terminal or pipe that reads them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        if isinstance(stream, _LastingOutput) or not hasattr(stream, "fileno"):
            continue  # None where there is no output at all
        with contextlib.suppress(OSError):  # replaced by one without a file
            stream.fileno()
            setattr(sys, name, cast(TextIO, _LastingOutput(stream)))


@contextlib.contextmanager
def stop_at_signals() -> Iterator[None]:
    """Raise `Stopped` at the first signal of `STOP_SIGNALS`; a second one ends the process.

    Signals that the process was told to ignore, as by nohup, stay ignored. One that comes during a
    finaliser or the garbage collection, where Python ignores what is raised, is sent again.
    """

    def stop(number: int, _frame: object) -> None:
        for one in earlier:
            signal.signal(one, signal.SIG_DFL)
        raise Stopped(signal.Signals(number).name)

    def ignored(found: sys.UnraisableHookArgs) -> None:
        if not isinstance(found.exc_value, Stopped):
            earlier_hook(found)
            return
        for one in earlier:
            signal.signal(one, stop)
        number = signal.Signals[found.exc_value.signal_name]
        again = threading.Timer(_AGAIN_SECONDS, _signal_main_thread, (number,))
        again.daemon = True
        again.start()

    earlier = {number: signal.getsignal(number) for number in heeded_signals()}
    earlier_hook = sys.unraisablehook
    for number in earlier:
        signal.signal(number, stop)
    sys.unraisablehook = ignored
    try:
        yield
    finally:
        sys.unraisablehook = earlier_hook
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _signal_main_thread(number: signal.Signals) -> None:
    """Send a signal that wakes the first thread, which handles it."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:  # Windows
        signal.raise_signal(number)


def heeded_signals() -> list[signal.Signals]:
    """Return the signals of `STOP_SIGNALS` that this process doesn't ignore."""
    # None: a handler that isn't Python's, which can't be set again.
    return [one for one in STOP_SIGNALS if signal.getsignal(one) not in (signal.SIG_IGN, None)]


class _LastingOutput:
    """A text stream that loses its output, and not the run, once nobody reads it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._lasting():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._lasting():
            self._stream.flush()

    @contextlib.contextmanager
    def _lasting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # A closed pipe or terminal; a full disk, where the output goes to a file, is an error.
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())
