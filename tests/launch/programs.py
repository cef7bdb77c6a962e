"""Run the programs as a user does: as processes, from another folder."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.paths import REPOSITORY
from tests.quick import QUICK

SECONDS = 600.0


def environment() -> dict[str, str]:
    """Drop what would help a program that a user starts without it, and compile quickly."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    flags = " ".join(f"--{name}={str(value).lower()}" for name, value in QUICK.items())
    return kept | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}


@functools.cache
def _server() -> subprocess.Popen[str]:
    """Start the process of which the programs are forks; it ends with this one."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("program_server.py")), str(REPOSITORY)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _ask(question: object) -> Any:
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    print(json.dumps(question), file=server.stdin, flush=True)
    return json.loads(server.stdout.readline())


class Program:
    """A program that was started."""

    def __init__(
        self,
        program: str,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.words = [str(REPOSITORY / "launch" / program), *arguments]
        call = {"words": self.words, "folder": str(folder), "environment": dict(environment or {})}
        self.process = _ask(call)
        self.done: subprocess.CompletedProcess[str] | None = None

    def has_ended(self) -> bool:
        if self.done is None and (found := _ask(self.process)) is not None:
            self.done = subprocess.CompletedProcess(self.words, *found)
        return self.done is not None

    def wait_for(self, path: Path, *, lines: int = 0) -> None:
        """Wait until a file exists and has some lines, or the program has ended."""
        deadline = time.monotonic() + SECONDS
        while not self.has_ended() and time.monotonic() < deadline:
            if path.exists() and len(path.read_text().splitlines()) >= lines:
                break
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        if not self.has_ended():
            os.kill(self.process, number)

    def finish(self) -> subprocess.CompletedProcess[str]:
        """Wait for the end of the program."""
        deadline = time.monotonic() + SECONDS
        while not self.has_ended():
            if time.monotonic() > deadline:
                os.kill(self.process, signal.SIGKILL)
            time.sleep(0.02)
        assert self.done is not None
        return self.done


def run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return Program(program, *arguments, folder=folder).finish()
