from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from superxception_jax.commands import Interrupted, resuming, run_guarded
from superxception_jax.system import (
    STOP_SIGNALS,
    check_training_platform,
    make_output_lasting,
)
from tests.paths import REPOSITORY

# A program that prints what a run prints, and a name whose bytes are not UTF-8.
PRINTS = r"""
import sys
from superxception_jax.commands import run_guarded
from superxception_jax.system import make_output_lasting

make_output_lasting()

def main():
    for _ in range(3):
        print("50\xd750 \u2192 1 \u2026", "b\udcff.png", flush=True)
    print("fehlt: Gr\xf6\xdfe", file=sys.stderr)
    print("done", file=open(sys.argv[1], "w"))

run_guarded(main)
"""


def _start(code, *arguments, environment=None, **options):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | (environment or {}),
        capture_output="stdout" not in options,
        check=False,
        timeout=120,
        **options,
    )


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({"PYTHONIOENCODING": "ascii"}, rb"50\xd750 \u2192 1 \u2026 b\udcff.png"),
        ({"PYTHONIOENCODING": "latin-1"}, b"50\xd750 \\u2192 1 \\u2026 b\\udcff.png"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, rb"50\xd750"),
        ({"PYTHONIOENCODING": "utf-8"}, "50×50 → 1 … b\\udcff.png".encode()),
    ],
    ids=["ascii", "latin-1", "C", "utf-8"],
)
def test_any_encoding_of_the_output_shows_every_line(environment, shown, tmp_path):
    result = _start(PRINTS, tmp_path / "end", environment=environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(shown)
    assert (tmp_path / "end").exists()


@pytest.mark.parametrize("which", ["stdout", "stderr"])
def test_a_closed_pipe_does_not_end_a_run(which, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        other = {"stdout": "stderr", "stderr": "stdout"}[which]
        result = _start(PRINTS, tmp_path / "end", **{which: pipe, other: subprocess.PIPE})
    assert result.returncode == 0
    assert (tmp_path / "end").exists()
    assert b"Error" not in (result.stderr or b"")


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_a_closed_pipe_is_an_invalid_argument_on_windows_only(platform, monkeypatch, tmp_path):
    with (tmp_path / "pipe").open("w") as pipe:

        def refuse(_):
            raise OSError(errno.EINVAL, "Invalid argument")

        stream = SimpleNamespace(fileno=pipe.fileno, write=refuse, flush=lambda: None)
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "platform", platform)
        make_output_lasting()
        if platform == "win32":
            print("lost")
        else:
            with pytest.raises(OSError, match="Invalid argument"):
                print("an error")


def test_output_that_is_absent_or_replaced_is_left_alone(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    make_output_lasting()
    assert sys.stdout is None


def test_a_full_disk_under_the_output_is_an_error():
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        result = _start(PRINTS, os.devnull, stdout=full, stderr=subprocess.PIPE)
    assert result.returncode != 0
    assert b"No space left on device" in result.stderr


def _status(work, capsys):
    with pytest.raises(SystemExit) as ended:
        run_guarded(work)
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a/b.npz"), "device: a/b.npz; free sp"),
        (OSError(errno.ENOSPC, "No space left on device"), "left on device; free space and run"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "a"), "exceeded: a; free space and run the"),
        (OSError(errno.EFBIG, "File too large", "a"), "File too large: a; allow larger files"),
        (OSError(errno.EROFS, "Read-only file system", "a"), "system: a; choose another folder"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), "denied: a; close it in other"),
        (ValueError("`x` must be 1, got 2; set it."), "error: `x` must be 1, got 2; set it."),
        (RuntimeError("Could not determine home directory."), "write the whole path"),
    ],
)
def test_errors_are_one_sentence_with_file_and_remedy(error, text, capsys):
    def work():
        raise error

    code, said = _status(work, capsys)
    assert code == 2
    assert said.startswith("error: ")
    assert text in said
    assert "[Errno" not in said


@pytest.mark.parametrize("kind", [RuntimeError, NotImplementedError, RecursionError])
def test_a_fault_of_the_program_is_no_bad_input(kind):
    def work():
        raise kind("x")

    with pytest.raises(kind):
        run_guarded(work)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_ends_a_program_with_its_status(number, heeds_all, capsys):
    def work():
        try:
            os.kill(os.getpid(), number)
        except Exception:  # what a library may do while it loads data
            pytest.fail("a stop is no exception to be swallowed")

    code, said = _status(work, capsys)
    assert code == 128 + number
    assert f"stopped by {number.name}; every file is complete or as it was before.\n" in said
    assert said.endswith("\nRun the same command again.\n")


def test_notes_say_how_to_go_on(heeds_all, capsys):
    def work():
        stop = Interrupted("SIGHUP", step=4)
        stop.add_note("Resume with: python launch/main.py --workdir=a")
        raise stop

    code, said = _status(work, capsys)
    assert code == 128 + signal.SIGHUP
    assert said.endswith(
        "after step 4; everything is saved.\nResume with: python launch/main.py --workdir=a\n"
    )


def test_work_that_keeps_what_it_has_done_says_so(capsys):
    def work():
        with resuming():
            raise KeyboardInterrupt

    code, said = _status(work, capsys)
    assert code == 128 + signal.SIGINT
    assert said.endswith("before.\nRun the same command again to resume.\n")


def test_a_system_without_a_signal_is_no_problem():
    code = (
        "import signal\n"
        "for name in ('SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU'): delattr(signal, name)\n"
        "from superxception_jax.system import STOP_SIGNALS\n"
        "print(*(one.name for one in STOP_SIGNALS))"
    )
    assert _start(code).stdout.split() == [b"SIGINT", b"SIGTERM"]


def test_windows_trains_nothing_and_says_so(monkeypatch, capsys):
    check_training_platform()
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit) as ended:
        check_training_platform()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: training, testing and preparing data need Linux or macOS")
    assert "`karyotype` works" in said


@pytest.mark.parametrize(
    "program", ["main", "evaluate", "table", "robustness", "scaling", "prepare_data"]
)
def test_programs_refuse_windows_before_they_import_what_it_lacks(program):
    code = (
        "import sys\n"
        "sys.platform = 'win32'\n"
        "for name in ('array_record', 'tensorflow_datasets', 'orbax', 'jax', 'fcntl'):\n"
        "    sys.modules[name] = None\n"
        f"import launch.{program}"
    )
    result = _start(code)
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1


# What Windows lacks, and what only training needs.
MISSING = ("fcntl", "resource", "termios", "pwd", "grp", "array_record", "tensorflow_datasets")


def test_karyotyping_imports_nothing_that_windows_lacks():
    code = (
        "import importlib, pkgutil, sys\n"
        f"missing = {MISSING!r}\n"
        # JAX and the standard library may look for them, and do without.
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in missing:\n"
        "            raise ImportError(name)\n"
        "for name in missing: sys.modules.pop(name, None)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "import superxception_jax\n"
        "import superxception_jax.runs.karyotype_program\n"
        "import superxception_jax.runs.reader\n"
        "import superxception_jax.karyotyping as room\n"
        "for one in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "    importlib.import_module(one.name)\n"
        "print([name for name in missing if name in sys.modules])"
    )
    result = _start(code)
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout.strip() == b"[]"


def test_no_module_imports_what_only_unix_has():
    """The same for the modules of training and tables, which macOS and later systems import."""
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in (REPOSITORY / "superxception_jax").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.startswith(
            tuple(f"{verb} {name}" for verb in ("import", "from") for name in MISSING[:5])
        )
    ]
    assert found == []
