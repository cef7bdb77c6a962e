"""The programs of runs, as processes of their own that get the signals of this one."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

from superxception_jax.runs.lock import lock
from superxception_jax.system import STOP_SIGNALS, heeded_signals
from superxception_jax.tables.display import RunState, training_state
from superxception_jax.tables.plan import PlannedRun
from superxception_jax.training.recorder import PRETRAINING_FOLDER, load_metrics
from superxception_jax.workers import usable_cores

POLL_SECONDS = 0.5
# Exit statuses of a program that one signal stopped, after it had saved everything.
SAVED = frozenset(128 + number for number in STOP_SIGNALS)


class RunProcess:
    """The program of a run, as a process of its own.

    Attributes:
        cores: Cores that it may use; empty for those of this process.
    """

    def __init__(self, run: PlannedRun, *, cores: Sequence[int] = (), limit_s: float = 0.0) -> None:
        """Start the program.

        Args:
            run: Run to start; the output of its program is appended to its log.
            cores: Cores that the program may use; empty for those of this process.
            limit_s: Seconds after which the program gets SIGTERM, on which it saves and ends with
                143, see `SAVED`; 0: no limit.

        Raises:
            ValueError: Another process still works on the run.
        """
        self.cores = tuple(cores)
        self._run = run
        self._process = _start(run)
        # Before it starts threads, which inherit the cores.
        if cores:
            os.sched_setaffinity(self._process.pid, cores)
        self._last_s = time.monotonic() + limit_s if limit_s else math.inf
        self._passed_on = 0

    @property
    def has_begun(self) -> bool:
        """Return whether its data is prepared and its training, or pretraining, has taken steps."""
        workdir = self._run.workdir
        return any(map(load_metrics, (workdir, workdir / PRETRAINING_FOLDER)))

    def state(self) -> RunState:
        """Return the progress of the run."""
        experiment = self._run.experiment
        return training_state(
            self._run.workdir.name,
            load_metrics(self._run.workdir),
            epochs=experiment.epochs,
            batch_size=experiment.batch_size,
        )

    def wait(self, seconds: float) -> int | None:
        """Return the exit status, negative after a signal; None if it still runs after a while."""
        if time.monotonic() >= self._last_s:
            self._ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=seconds)
        return None

    def pass_on(self, numbers: Sequence[int]) -> None:
        """Send the program, if it still runs, those of the signals so far that it has not got.

        Its stop at the time limit counts for the first of them.
        """
        new = numbers[self._passed_on :]
        self._passed_on += len(new)
        for number in new:
            self._process.send_signal(number)

    def end(self) -> None:
        """Let the program save and end, and wait for it."""
        self._ask_to_stop()
        self._process.wait()

    def _ask_to_stop(self) -> None:
        """Send SIGTERM to a program that has got no signal.

        After one, a Ctrl-C would end it before it has saved.
        """
        if not self._passed_on:
            self._process.terminate()
            self._passed_on = 1


def _start(run: PlannedRun) -> subprocess.Popen:
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
        return subprocess.Popen(
            [sys.executable, *run.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to all processes of a group: the run would get it twice, and the second
            # one would end it at once.
            process_group=0,
        )


class ReceivedSignals:
    """The signals that this program received while it ran others.

    Attributes:
        numbers: The signals, in order.
    """

    def __init__(self) -> None:
        """Start without signals."""
        self.numbers: list[int] = []

    @property
    def names(self) -> list[str]:
        """Return the names of the signals, in order."""
        return [signal.Signals(number).name for number in self.numbers]

    def handle(self, number: int, _frame: object) -> None:
        """Note a signal; no more, because it may interrupt anything, also another signal."""
        self.numbers.append(number)


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


def share_cores(count: int) -> list[tuple[int, ...]]:
    """Return the cores of each of several processes.

    Args:
        count: Number of processes.

    Returns:
        Disjoint shares of the cores that this process may use; empty ones for a single process,
        and where the system can't bind processes to cores.

    Raises:
        ValueError: There are fewer cores.
    """
    usable = usable_cores()
    if not 1 <= count <= usable:
        raise ValueError(
            f"`--at_once` must be 1 to {usable}, the number of cores, got {count}; correct it."
        )
    if count == 1 or not hasattr(os, "sched_setaffinity"):
        return [()] * count
    cores = sorted(os.sched_getaffinity(0))
    edges = [place * usable // count for place in range(count + 1)]
    return [tuple(cores[low:high]) for low, high in itertools.pairwise(edges)]


def run_processes(
    runs: Mapping[int, PlannedRun],
    *,
    shares: Sequence[Sequence[int]],
    received: ReceivedSignals,
    update: Callable[[int, RunState], None],
    limit_s: float = 0.0,
) -> Generator[tuple[int, int]]:
    """Run the programs of runs, and yield place and exit status of each when it ends.

    After a signal, which all of them get, no other one starts. One starts only when those before
    it train, because what they share is prepared by the first.

    Args:
        runs: Runs by place, in the order in which they start.
        shares: Cores of each process, as many as run at once; see `share_cores`.
        received: Signals to pass on.
        update: Called with place and state of a run whenever it may have changed.
        limit_s: See `RunProcess`.

    Raises:
        ValueError: Another process still works on a run; the others save and end.
    """
    waiting, free = deque(runs), list(shares)
    active: dict[int, RunProcess] = {}
    try:
        while active or (waiting and not received.numbers):
            may_start = waiting and free and not received.numbers
            if may_start and all(process.has_begun for process in active.values()):
                place = waiting.popleft()
                active[place] = RunProcess(runs[place], cores=free.pop(0), limit_s=limit_s)
            for place, process in list(active.items()):
                process.pass_on(received.numbers)
                update(place, process.state())
                code = process.wait(POLL_SECONDS / len(active))
                if code is not None:
                    free.append(active.pop(place).cores)
                    yield place, code
    finally:
        # Nothing would be left to pass a signal on.
        for process in active.values():
            process.end()


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
    if code == -signal.SIGKILL:
        how += ", which Linux sends for lack of memory"
    return f"{how}: {last} (see {run.log})"
