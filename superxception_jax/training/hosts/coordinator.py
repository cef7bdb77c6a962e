"""The service by which the processes of a run find each other, as a process of its own.

In the first process, where JAX starts it, it would end with that process, and JAX would abort all
others at once, before they could say why.

    python coordinator.py PORT COUNT SECONDS

It ends the given seconds after its standard input ends, with the process that started it; at once
if that has written `END`, and after a moment if it has written `LEAVE`.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

_READY = "ready"
END, LEAVE = "end", "leave"
# In which the others hear why the first process ends.
_LEAVE_SECONDS = 4.0
# JAX's own limit: only a defence behind `liveness`, whose limit is shorter.
HEARTBEAT_SECONDS = 600
SHUTDOWN_SECONDS = 30


@contextlib.contextmanager
def serving(
    port: int, *, count: int, start_seconds: float, linger_seconds: float
) -> Iterator[subprocess.Popen[str]]:
    """Start the service of a run; the block's normal end ends it.

    Args:
        port: Port to listen at, on all addresses.
        count: Number of processes.
        start_seconds: Seconds to wait for the port: the service of a run that has just been killed
            still has it.
        linger_seconds: Seconds for which it outlives the process that started it, so that the
            others can hear how that ended.

    Yields:
        The process of the service.

    Raises:
        OSError: The port is in use, or the service can't start.
    """
    _await_free(port, limit_seconds=start_seconds)
    process = subprocess.Popen(
        # Without the folder of this file, in which modules have names of Python's own.
        [sys.executable, "-P", __file__, str(port), str(count), str(linger_seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    if process.stdout is None or process.stdout.readline().strip() != _READY:
        raise OSError(f"the service of the processes can't start at port {port}; choose another.")
    yield process
    with contextlib.suppress(OSError):
        process.communicate(END, timeout=SHUTDOWN_SECONDS)


def _await_free(port: int, *, limit_seconds: float) -> None:
    """Wait until nothing listens at a port: JAX's service would share it with another one."""
    last = time.monotonic() + limit_seconds
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("", port))
            except OSError as error:
                if time.monotonic() > last:
                    raise OSError(
                        f"`--coordinator` must have a free port, got {port} ({error.strerror}); "
                        "choose another one, the same in all processes."
                    ) from error
            else:
                return
        time.sleep(0.2)


def _serve(port: str, count: str, linger_seconds: str) -> None:
    """Serve until the process that started this one ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    from jax._src.lib import _jax

    service = _jax.get_distributed_runtime_service(
        f"[::]:{port}",
        int(count),
        heartbeat_timeout=HEARTBEAT_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
        recoverable=False,
    )
    print(_READY, flush=True)
    select.select([sys.stdin], [], [])
    word = sys.stdin.read()
    if word != END:
        time.sleep(_LEAVE_SECONDS if word == LEAVE else float(linger_seconds))
    service.shutdown()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
