"""Run the programs as a user does: as processes, from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from quick import QUICK

REPOSITORY = Path(__file__).resolve().parents[2]


def command(program: str, *arguments: str) -> list[str]:
    return [sys.executable, str(REPOSITORY / "launch" / program), *arguments]


def environment() -> dict[str, str]:
    """Drop what would help a program that a user starts without it, and compile quickly."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    flags = " ".join(f"--{name}={str(value).lower()}" for name, value in QUICK.items())
    return kept | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}


def run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(program, *arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
