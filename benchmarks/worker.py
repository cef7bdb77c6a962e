"""Process of one side; `turns.py` starts it and requests its turns.

The process prints a JSON line after its first step and after each turn. A turn is requested by a
line `steps seconds` on standard input; the process sleeps in between.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sides import SIDES, Case


def peak_bytes() -> int:
    """Return the peak resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Run the requested turns until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", required=True, choices=SIDES, help="Program to run.")
    parser.add_argument("--task", required=True, choices=("train", "predict"), help="Kind of step.")
    parser.add_argument("--input_px", required=True, type=int, help="Side of the input in pixels.")
    parser.add_argument("--batch", required=True, type=int, help="Images per step.")
    arguments = parser.parse_args()
    case = Case(arguments.task, arguments.input_px, arguments.batch)
    replies = sys.stdout
    sys.stdout = sys.stderr  # keeps what a framework prints apart from the replies

    start = time.perf_counter()
    side = SIDES[arguments.side](case)
    loss = side.step()
    ready = time.perf_counter()
    reply = {
        "first_step_seconds": ready - start,
        "parameters": side.parameters,
        "loss": loss,
    }
    print(json.dumps(reply), file=replies, flush=True)
    for line in sys.stdin:
        steps, limit = line.split()
        times: list[float] = []
        system = resource.getrusage(resource.RUSAGE_SELF).ru_stime
        # The first step of a turn runs on cold CPU caches and isn't counted; at least one more is.
        while len(times) < 2 or (len(times) <= int(steps) and sum(times) < float(limit)):
            start = time.perf_counter()
            side.step()
            times.append(time.perf_counter() - start)
        system = resource.getrusage(resource.RUSAGE_SELF).ru_stime - system
        turn = {"seconds": times[1:], "system_seconds": system, "peak_bytes": peak_bytes()}
        print(json.dumps(turn), file=replies, flush=True)


if __name__ == "__main__":
    main()
