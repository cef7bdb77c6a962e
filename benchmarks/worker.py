"""One side of a comparison in a process of its own; `turns.py` starts it and tells it when to run.

The process prints one JSON line after its first step, then one for each turn that a line
`steps seconds` on its standard input asks for, and sleeps in between.
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
    """Return the largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Serve turns until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", required=True, choices=SIDES)
    parser.add_argument("--task", required=True, choices=("train", "predict"))
    parser.add_argument("--input_px", required=True, type=int)
    parser.add_argument("--batch", required=True, type=int)
    arguments = parser.parse_args()
    case = Case(arguments.task, arguments.input_px, arguments.batch)
    replies = sys.stdout
    sys.stdout = sys.stderr  # what a framework prints must not mix with the replies

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
        # The first step of a turn finds cold caches; one more counts in any case.
        while len(times) < 2 or (len(times) <= int(steps) and sum(times) < float(limit)):
            start = time.perf_counter()
            side.step()
            times.append(time.perf_counter() - start)
        system = resource.getrusage(resource.RUSAGE_SELF).ru_stime - system
        seen = {"seconds": times[1:], "system_seconds": system, "peak_bytes": peak_bytes()}
        print(json.dumps(seen), file=replies, flush=True)


if __name__ == "__main__":
    main()
