"""Run several sides in alternating turns, so that the machine's moods hit all alike."""

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

# The same allocator for all sides: huge pages save a tenth. PyTorch's threads must not
# spin while another side has its turn.
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "OMP_WAIT_POLICY": "PASSIVE"}
# One turn is enough where a side is several times slower.
SLOW_SIDES = ("keras", "plain")


@dataclass
class Timing:
    """What was seen of one side in one process.

    Attributes:
        side: its name.
        first_step_seconds: from the start of building it to the end of its first step.
        parameters: number of trainable parameters.
        turns: medians of the turns, in seconds a step.
        system_seconds: of all turns.
        peak_bytes: largest resident memory.
        load: average load of the machine at the end of each turn.
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
    """How long is measured.

    Attributes:
        turns: of every side.
        steps: counted steps a turn; one more runs first and is dropped.
        seconds: a turn ends after this time, at least one step counted.
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
    """Start every side once and let them run in turns, in alternating order.

    Args:
        sides: keys of `sides.SIDES`.
        case: what is measured.
        schedule: how long.
        environment: variables added to the sides' environment.
        advance: called with a text when something ends.

    Returns:
        A timing for each side.

    Raises:
        RuntimeError: a side ended early; its own message stands above.
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
            worker.kill()
            worker.wait()
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
        raise RuntimeError(f"side {side!r} ended early; its message stands above.")
    return json.loads(line)
