"""Run programs in forks of one process, which has imported what they share.

    python program_server.py REPOSITORY

Each line of its input starts a program or asks for one, and each line of its output answers:
with the number of the process, or with its status, output and errors once it has ended, else null.
Importing takes most of the time of a short program.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

SHARED = (
    "matplotlib.backends.backend_agg",
    "superxception_jax.data.own.builder",
    "superxception_jax.karyotyping.folders",
    "superxception_jax.runs.reader",
    "superxception_jax.runs.run",
    "superxception_jax.studies.robustness",
    "superxception_jax.tables.runner",
)


def import_shared() -> None:
    """Import what the programs share."""
    for name in SHARED:
        importlib.import_module(name)


def become(call: dict[str, Any], said: IO[bytes], errors: IO[bytes]) -> None:
    """Make this process the program of a call: its folder, arguments, input and output."""
    # Ignored in whatever nohup starts.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.chdir(call["folder"])
    os.environ.update(call["environment"])
    with open(os.devnull, "rb") as nothing:
        for number, file in enumerate((nothing, said, errors)):
            os.dup2(file.fileno(), number)
    sys.argv = call["words"]
    # As Python does for a script.
    sys.path[0] = str(Path(sys.argv[0]).parent)


def outcome(child: int, files: tuple[IO[bytes], IO[bytes]]) -> list[Any] | None:
    """Return status, output and errors of a process, and forget it; None while it runs."""
    done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        return None
    texts = []
    for file in files:
        file.seek(0)
        texts.append(file.read().decode("utf-8", "surrogateescape"))
        file.close()
    return [os.waitstatus_to_exitcode(status), *texts]


def main() -> None:
    """Answer until there are no more questions; a fork ends as its program does."""
    sys.path.insert(0, sys.argv[1])
    import_shared()
    # What is imported is in no fork's way, nor copied, when that collects garbage.
    gc.freeze()
    del sys.path[0]
    running: dict[int, tuple[IO[bytes], IO[bytes]]] = {}
    while line := sys.stdin.readline():
        call = json.loads(line)
        answer: Any
        if isinstance(call, int):
            answer = outcome(call, running[call])
        else:
            files = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
            answer = os.fork()
            if answer == 0:
                become(call, *files)
                runpy.run_path(sys.argv[0], run_name="__main__")
                return
            running[answer] = files
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
