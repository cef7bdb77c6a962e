"""Run several sides in alternating turns, so that changes in machine load affect all equally."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sides import Case

# Huge pages for all sides, because they save a tenth of the time; passive threads, because those
# of PyTorch must not spin during another side's turn.
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "OMP_WAIT_POLICY": "PASSIVE"}
# These are several times slower than the others; one turn per round is enough.
SLOW_SIDES = ("keras", "plain")


@dataclass
class Timing:
    """The measurements of one side in one process.

    Attributes:
        side: A key of `sides.SIDES`.
        first_step_seconds: Time from building the side to the end of its first step.
        parameters: Number of trainable parameters.
        turns: Median time per step of each turn in seconds.
        system_seconds: System time of all turns.
        peak_bytes: Peak resident memory.
        load: Load average of the machine at the end of each turn.
    """

    side: str
    first_step_seconds: float
    parameters: int
    turns: list[float] = field(default_factory=list)
    system_seconds: float = 0.0
    peak_bytes: int = 0
    load: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Schedule:
    """The length of a measurement.

    Attributes:
        turns: Turns of every side.
        steps: Counted steps per turn, after one that isn't counted.
        seconds: Time limit of a turn; at least one step is counted.
    """

    turns: int
    steps: int
    seconds: float


def run_turns(
    sides: tuple[str, ...],
    case: Case,
    *,
    schedule: Schedule,
    environment: dict[str, str],
    advance: Callable[[str], object],
) -> dict[str, Timing]:
    """Return the timing of every side, each in its own process, running in alternating turns.

    Args:
        sides: Keys of `sides.SIDES`.
        case: Case to measure.
        schedule: Length of the measurement.
        environment: Environment variables of the processes, in addition to `ENVIRONMENT`.
        advance: Callback with a description of each finished first step or turn.

    Returns:
        Timings by side.

    Raises:
        RuntimeError: A process ended early; its own message is on standard error.
    """
    workers: dict[str, subprocess.Popen] = {}
    timings: dict[str, Timing] = {}
    try:
        for side in sides:
            workers[side] = _start(side, case, environment)
            reply = _reply(workers[side], side)
            timings[side] = Timing(side, reply["first_step_seconds"], reply["parameters"])
            advance(f"{side}: first step")
        for turn in range(schedule.turns):
            for side in sides if turn % 2 == 0 else sides[::-1]:
                if turn == 0 or side not in SLOW_SIDES:
                    _take_turn(workers[side], timings[side], schedule)
                advance(f"{side}: turn {turn + 1}")
    finally:
        for worker in workers.values():
            with worker:  # Closes its pipes.
                worker.kill()
    return timings


def _take_turn(worker: subprocess.Popen, timing: Timing, schedule: Schedule) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{schedule.steps} {schedule.seconds}\n")
    worker.stdin.flush()
    reply = _reply(worker, timing.side)
    timing.turns.append(statistics.median(reply["seconds"]))
    timing.system_seconds += reply["system_seconds"]
    timing.peak_bytes = reply["peak_bytes"]
    timing.load.append(os.getloadavg()[0])


def _start(side: str, case: Case, environment: dict[str, str]) -> subprocess.Popen:
    command = [sys.executable, str(Path(__file__).with_name("worker.py")), "--side", side]
    command += ["--task", case.task, "--input_px", str(case.input_px), "--batch", str(case.batch)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT, **environment},
    )


def _reply(worker: subprocess.Popen, side: str) -> dict:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError(
            f"`{side}` must run until its last turn, got an early end; see its message above."
        )
    return json.loads(line)
