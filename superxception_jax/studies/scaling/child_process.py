"""Modules of this package as processes of their own, with a time limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from superxception_jax.runs.provenance import PROJECT

POLL_SECONDS = 0.1


def run_modules(
    calls: Sequence[Sequence[str]], *, log: Path, limit_s: float, environment: Mapping[str, str]
) -> str:
    """Run modules at the same time, and return what went wrong; empty if nothing did.

    When one of them fails or the time is over, all are ended.

    Args:
        calls: Name and arguments of each module.
        log: File of their output, deleted where nothing went wrong.
        limit_s: Seconds after which they are ended.
        environment: Variables added to those of this process.
    """
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = {**os.environ, **environment, "PYTHONPATH": os.pathsep.join(paths)}
    with log.open("w", encoding="utf-8") as output, contextlib.ExitStack() as stack:
        processes = []
        for call in calls:
            process = subprocess.Popen(
                [sys.executable, "-m", *call],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=variables,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
        last_s = time.monotonic() + limit_s
        while True:
            codes = [process.poll() for process in processes]
            failed = next((code for code in codes if code), None)
            if failed is not None:
                return _describe(failed, log)
            if None not in codes:
                break
            if time.monotonic() > last_s:
                return f"was ended after {limit_s / 60:.0f} minutes; allow it more time"
            time.sleep(POLL_SECONDS)
    log.unlink()
    return ""


def _describe(code: int, log: Path) -> str:
    """Return how a process ended, with the last line of its output."""
    how = f"exit status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
    return f"ended with {how}: {last}"
