"""Locks that a process holds while it works on a run, and that end with the process."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

LOCK_FILE = "run.lock"
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
            "works on the same run.",
            flush=True,
        )
    return True
