"""Locks that a process holds while it works on a run or a table, and that end with the process."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

LOCK_FILE = "run.lock"
_AGAIN_SECONDS = 0.05  # until a lock that another process holds is tried again
# Windows locks bytes, also for readers: one far behind the text.
_FAR = 1 << 30


@contextlib.contextmanager
def locked_run(workdir: Path) -> Iterator[None]:
    """Hold the lock of a run folder, so that no other process works on the run meanwhile.

    The system releases the lock when the process ends, however it ends, so no lock is ever left
    behind; the file stays. On network file systems the lock reaches other computers only where
    the mount carries locks (NFS from version 4, SMB): elsewhere don't start a run on two
    computers.

    Args:
        workdir: Run folder, which exists.

    Yields:
        Nothing; the block works on the run.

    Raises:
        ValueError: Another process works on the run.
        OSError: The file can't be written.
    """
    path = workdir / LOCK_FILE
    with path.open("a+", encoding="utf-8") as file:
        if not lock(file):
            file.seek(0)
            holder = file.read().strip() or "a process that has just started"
            raise ValueError(
                f"`{workdir}` must be free, got a run that {holder} works on; wait until it ends, "
                "or stop it, and start this program again."
            )
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.truncate()


@contextlib.contextmanager
def locked_briefly(path: Path, *, seconds: float) -> Iterator[None]:
    """Hold a lock for what takes moments; another process that holds it is waited for.

    Args:
        path: File of the lock, in a folder that exists; it is there only meanwhile. One that a
            killed process left keeps nobody out.
        seconds: How long another process is waited for.

    Yields:
        Nothing; the block works alone.

    Raises:
        ValueError: Another process has held the lock all the time.
        OSError: The file can't be written.
    """
    last_s = time.monotonic() + seconds
    while True:
        with path.open("a", encoding="utf-8") as file:
            # Whoever held the lock has deleted the file: who waited for it has locked nothing.
            if lock(file) and _is_at(file, path):
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return
        if time.monotonic() >= last_s:
            raise ValueError(
                f"`{path}` must be free, got a process that has locked it for {seconds:g} s; wait "
                "until it ends, or stop it, and start this program again."
            )
        time.sleep(_AGAIN_SECONDS)


def _is_at(file: IO[Any], path: Path) -> bool:
    """Return whether an open file is the one that a path names now."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False


def lock(file: IO[Any]) -> bool:
    """Lock an open file; a process that inherits it holds the lock too.

    Args:
        file: File, open for writing. The lock ends when the last process closes it.

    Returns:
        Whether the file is locked now; False if another process holds the lock.
    """
    if sys.platform == "win32":
        import msvcrt

        file.flush()
        position = os.lseek(file.fileno(), 0, os.SEEK_CUR)
        try:
            os.lseek(file.fileno(), _FAR, os.SEEK_SET)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file.fileno(), position, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        # Some file systems of clusters are mounted without locks.
        print(
            f"{file.name} can't be locked ({error.strerror}): make sure that no other process "
            "works on the same run or table.",
            flush=True,
        )
    return True
