"""The program of a run, as a process of its own that gets the signals of this one."""

from __future__ import annotations

import contextlib
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from superxception_jax.runs.lock import lock
from superxception_jax.system import heeded_signals
from superxception_jax.tables.display import RunState, training_state
from superxception_jax.tables.plan import PlannedRun
from superxception_jax.training.recorder import load_metrics

POLL_SECONDS = 0.5
# Exit status of a program that SIGTERM stopped after it had saved everything.
STOPPED = 128 + signal.SIGTERM


class ReceivedSignals:
    """The signals that this program received while it ran others.

    Attributes:
        names: Names of the signals, in order.
    """

    def __init__(self) -> None:
        """Start without signals and without a process to pass them on to."""
        self.names: list[str] = []
        self._pending: list[int] = []
        self._process: subprocess.Popen | None = None

    def handle(self, number: int, _frame: object) -> None:
        """Note a signal and pass it on to the process, at once or as soon as there is one."""
        self.names.append(signal.Signals(number).name)
        self._pending.append(number)
        self._pass_on()

    def watch(self, process: subprocess.Popen) -> None:
        """Pass signals on to this process from now on."""
        self._process = process
        self._pass_on()

    def _pass_on(self) -> None:
        while self._pending and self._process is not None and self._process.poll() is None:
            self._process.send_signal(self._pending.pop(0))


@contextlib.contextmanager
def collect_signals() -> Iterator[ReceivedSignals]:
    """Yield a record of the signals that ask to stop; they don't end this program meanwhile."""
    received = ReceivedSignals()
    earlier = {number: signal.signal(number, received.handle) for number in heeded_signals()}
    try:
        yield received
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def run_process(
    run: PlannedRun,
    *,
    received: ReceivedSignals,
    update: Callable[[RunState], None],
    limit_s: float = 0.0,
) -> int:
    """Run the program of a run until it ends, and return its exit status.

    Args:
        run: Run to start; the output of its program is appended to its log.
        received: Signals to pass on to the program.
        update: Called with the state of the run whenever it may have changed.
        limit_s: Seconds after which the program gets SIGTERM, on which it saves and ends with
            `STOPPED`; 0: no limit.

    Raises:
        ValueError: Another process still works on the run.
    """
    run.log.parent.mkdir(parents=True, exist_ok=True)
    with run.log.open("a", encoding="utf-8") as log:
        # The process inherits the lock with its output: it lasts as long as the process, even
        # when this one is killed.
        if not lock(log):
            raise ValueError(
                f"`{run.workdir}` must be free, got a process that still works on it; wait until "
                "it ends, or stop it, and start this program again."
            )
        log.write(f"$ {run.command}\n")
        log.flush()
        process = subprocess.Popen(
            [sys.executable, *run.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to all processes of a group: the run would get it twice, and the second
            # signal would end it at once.
            process_group=0,
        )
    try:
        return _wait(process, run, received=received, update=update, limit_s=limit_s)
    except BaseException:
        # Nothing would be left to pass a signal on.
        process.terminate()
        process.wait()
        raise


def _wait(
    process: subprocess.Popen,
    run: PlannedRun,
    *,
    received: ReceivedSignals,
    update: Callable[[RunState], None],
    limit_s: float,
) -> int:
    """Report the progress of a run until its process ends, and return the exit status."""
    experiment = run.experiment
    received.watch(process)
    last_s = time.monotonic() + limit_s if limit_s else math.inf
    while True:
        if time.monotonic() >= last_s:
            process.terminate()
            # Once: a second signal would end the program before it has saved.
            last_s = math.inf
        update(
            training_state(
                run.workdir.name,
                load_metrics(run.workdir),
                epochs=experiment.epochs,
                batch_size=experiment.batch_size,
            )
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=POLL_SECONDS)


def describe_failure(run: PlannedRun, code: int) -> str:
    """Return how a run failed, with the last line of its log.

    Args:
        run: The run.
        code: Exit status of its program, negative after a signal.
    """
    # Progress bars end their lines with a carriage return.
    lines = run.log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n").split("\n")
    last = [line.strip() for line in lines if line.strip()][-1]
    how = f"exit status {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
    return f"{how}: {last} (see {run.log})"
