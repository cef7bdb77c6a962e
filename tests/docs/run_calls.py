"""Run programs one after the other in forks of one process, which has imported what they share.

    python run_calls.py REPOSITORY < calls.json > outcomes.json

Starting a process for each command takes most of the time of a test of many commands.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import shlex
import subprocess
import sys
import tempfile
import tomllib
import types
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

PLANNED = "planned"
# What only benchmarks import; the flags can be read without it.
STAND_INS = ("keras", "torch", "torch.nn", "torch.nn.functional")


def main() -> None:
    """Run the calls and print exit status, output and errors of each."""
    repository = Path(sys.argv[1])
    sys.path.insert(0, str(repository))
    from tests.launch.program_server import import_shared

    calls = json.loads(sys.stdin.read())
    import_shared()
    json.dump([run_call(call, repository) for call in calls], sys.stdout)


def run_call(call: dict[str, Any], repository: Path) -> list[Any]:
    """Run one call in a fork."""
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
        child = os.fork()
        if child == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            code: Any = 1
            try:
                HOW[call["how"]](call, repository)
                code = 0
            except SystemExit as stop:
                code = stop.code or 0
            except BaseException:
                sys.excepthook(*sys.exc_info())
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        for file in (said, errors):
            file.seek(0)
        return [os.waitstatus_to_exitcode(status), said.read(), errors.read()]


def execute(call: dict[str, Any], repository: Path) -> None:
    """Execute a shell command of the documentation."""
    words = shlex.split(call["command"])
    if words[0] == "python":
        sys.argv = [str(repository / words[1]), *words[2:]]
        runpy.run_path(sys.argv[0], run_name="__main__")
    elif words[0] == "karyotype":
        project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
        module, function = project["scripts"]["karyotype"].split(":")
        sys.argv = words
        getattr(importlib.import_module(module), function)()
    else:
        sys.exit(subprocess.run(words, check=False).returncode)


def plan(call: dict[str, Any], repository: Path) -> None:
    """Run a program up to its first call that works."""
    words = shlex.split(call["command"])
    sys.argv = [str(repository / words[1]), *words[2:]]
    if words[1].startswith("benchmarks/"):
        _read_benchmark_flags(repository / words[1])
    from superxception_jax.commands import run_command

    module = importlib.import_module(words[1].removesuffix(".py").replace("/", "."))
    place, name = call["stop"].split(":")
    if not callable(getattr(importlib.import_module(place), name)):
        raise TypeError(f"{call['stop']} must be a function")
    setattr(importlib.import_module(place), name, _stop)
    if words[1] == "launch/prepare_data.py":
        module.main()
    else:
        run_command(module.main)


def python(call: dict[str, Any], repository: Path) -> None:
    """Execute Python code of the documentation."""
    del repository
    exec(compile(call["code"], call["page"], "exec"), {"__name__": "page"})


def _read_benchmark_flags(script: Path) -> NoReturn:
    import argparse

    for name in STAND_INS:
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name])["__getattr__"] = lambda missing: type(missing, (), {})
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, sys.modules[name])
    read = argparse.ArgumentParser.parse_args

    def read_and_stop(parser, *arguments):
        read(parser, *arguments)
        _stop()

    with mock.patch.object(argparse.ArgumentParser, "parse_args", read_and_stop):
        runpy.run_path(str(script), run_name="__main__")
    raise RuntimeError(f"{script} read no flags")


def _stop(*_: Any, **__: Any) -> NoReturn:
    print(PLANNED)
    raise SystemExit(0)


HOW = {"execute": execute, "plan": plan, "python": python}

if __name__ == "__main__":
    main()
