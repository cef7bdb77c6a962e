"""Run the programs as a user does: as processes, from another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.paths import REPOSITORY
from tests.quick import QUICK


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


# Imports a program once and forks for each call, which takes seconds less than to start it.
_EACH = """
import importlib, json, os, sys, tempfile
from pathlib import Path

repository, name, calls = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
sys.path.insert(0, str(repository))
program = importlib.import_module(f"launch.{name}")
from superxception_jax.commands import run_command

found = []
for arguments in calls:
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if child == 0:
            os.dup2(said.fileno(), sys.stderr.fileno())
            sys.argv = [str(repository / "launch" / f"{name}.py"), *arguments]
            code = 0
            try:
                run_command(program.main)
            except SystemExit as stop:
                code = stop.code or 0
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        found.append([os.waitstatus_to_exitcode(status), said.read()])
print("\\n" + json.dumps(found))
"""


def run_each(
    program: str, calls: list[list[str]], *, folder: Path
) -> list[subprocess.CompletedProcess]:
    """Run a program once for each list of arguments; what it prints is not kept, its errors are."""
    done = subprocess.run(
        [sys.executable, "-c", _EACH, str(REPOSITORY), program, json.dumps(calls)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return [
        subprocess.CompletedProcess(arguments, code, "", error)
        for arguments, (code, error) in zip(calls, found, strict=True)
    ]
