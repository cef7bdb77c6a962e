"""A lock holds as long as its process, however that ends, and says who holds it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from superxception_jax.runs import lock as module
from superxception_jax.runs.lock import LOCK_FILE, lock, locked_briefly, locked_run
from tests.paths import REPOSITORY

HOLD = """
import sys, time
from pathlib import Path
from superxception_jax.runs.lock import locked_run

with locked_run(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_refused_and_told_of_the_first(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with (
            pytest.raises(ValueError, match="must be free, got a run that process") as caught,
            locked_run(tmp_path),
        ):
            pass
        assert f"process {first.pid} on {socket.gethostname()} works on" in str(caught.value)
        # No lock is left behind by a process that is killed.
        first.send_signal(signal.SIGKILL)
    with locked_run(tmp_path):
        assert str(os.getpid()) in (tmp_path / LOCK_FILE).read_text()
    assert (tmp_path / LOCK_FILE).read_text() == ""


def test_it_is_released_when_the_work_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), locked_run(tmp_path):
        raise ZeroDivisionError
    with locked_run(tmp_path):
        pass


def test_a_brief_lock_is_waited_for_and_its_file_deleted(tmp_path):
    path = tmp_path / ".t.lock"
    path.touch()  # left by a process that was killed
    with locked_briefly(path, seconds=60.0):
        with (
            pytest.raises(ValueError, match=r"\.t\.lock` must be free, got a process that has"),
            locked_briefly(path, seconds=0.1),
        ):
            pass
        assert path.exists()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lambda: enter(path))
            os.unlink(path)  # as its holder does in the end
            waiting.result()
    assert not path.exists()
    with pytest.raises(ZeroDivisionError), locked_briefly(path, seconds=0.0):
        raise ZeroDivisionError
    assert not path.exists()


def enter(path):
    with locked_briefly(path, seconds=60.0):
        assert path.exists()


def test_a_file_system_without_locks_is_said(tmp_path, monkeypatch, capsys):
    import fcntl

    def fail(*arguments):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)
    with (tmp_path / "file").open("w") as file:
        assert lock(file)
    assert "can't be locked (" in capsys.readouterr().out


def test_the_system_is_asked_only_when_something_is_locked():
    """Windows has no fcntl: its import would fail at the start of every program."""
    assert not {"fcntl", "msvcrt"} & set(vars(module))
