"""What the system does to a program: signals, its output, and what the system lacks."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
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
    stops = _Stops()
    for number in stops.earlier:
        signal.signal(number, stops.stop)
    sys.unraisablehook = stops.note_ignored
    try:
        yield
    finally:
        stops.deaf = True
        stops.end_asking()
        sys.unraisablehook = stops.earlier_hook
        for number, handler in stops.earlier.items():
            signal.signal(number, handler)


class _Stops:
    """What `stop_at_signals` sets in the place of the handlers that it found."""

    def __init__(self) -> None:
        self.earlier = {number: signal.getsignal(number) for number in heeded_signals()}
        self.earlier_hook = sys.unraisablehook
        self.deaf = False  # while what is raised would be lost, or comes too late
        self._asker: _Asker | None = None

    def stop(self, number: int, _frame: object) -> None:
        """Raise `Stopped`, and let a further signal end the process."""
        if self.deaf:
            return
        self.end_asking()
        for one in self.earlier:
            signal.signal(one, signal.SIG_DFL)
        raise Stopped(signal.Signals(number).name)

    def note_ignored(self, found: sys.UnraisableHookArgs) -> None:
        """Ask again for a stop that Python has ignored."""
        if not isinstance(found.exc_value, Stopped):
            self.earlier_hook(found)
            return
        self.deaf = True  # what is raised within the hook is lost as well
        try:
            for one in self.earlier:
                signal.signal(one, self.stop)
            self._asker = _Asker(signal.Signals[found.exc_value.signal_name], self.stop)
            self._asker.start()
        finally:
            self.deaf = False

    def end_asking(self) -> None:
        """Send nothing any more."""
        if self._asker is not None:
            self._asker.end()


class _Asker(threading.Thread):
    """Signals the first thread until it's heard: one that comes just before a wait ends none."""

    def __init__(self, number: signal.Signals, handler: Callable[[int, object], None]) -> None:
        super().__init__(daemon=True)
        self._number = number
        self._handler = handler
        self._ended = False

    def run(self) -> None:
        """Signal at intervals until `end`; another handler than the given one gets one signal."""
        time.sleep(_AGAIN_SECONDS)
        while not self._ended:
            repeats = signal.getsignal(self._number) == self._handler
            _signal_main_thread(self._number)
            if not repeats:
                return
            time.sleep(_AGAIN_SECONDS)

    def end(self) -> None:
        """Signal no more once this returns; a signal's handler may call it within itself."""
        self._ended = True  # a lock would be waited for by the handler that interrupts its holder
        self.join()


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
            # Windows may call a closed pipe an invalid argument.
            also = {errno.EINVAL} if sys.platform == "win32" else set[int]()
            if error.errno not in {errno.EPIPE, errno.EIO, *also}:
                raise
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())
