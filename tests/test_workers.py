"""Work that is shared among processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from superxception_jax.workers import Workers, result_of, usable_cores
from tests.paths import REPOSITORY


def _square(number: int) -> tuple[int, int, str]:
    time.sleep(0.02 * (3 - number % 3))  # later ones may finish earlier
    return number**2, os.getpid(), os.environ.get("OPENBLAS_NUM_THREADS", "")


def _fail(number: int) -> int:
    if number == 2:
        raise ValueError("two is refused")
    return number


def _has_imported(module: str) -> bool:
    return module in sys.modules


def _end(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_map_is_in_order_in_one_process_and_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with Workers(1) as alone:
        own = list(alone.map(_square, range(7)))
    with Workers(2) as workers:
        others = list(workers.map(_square, range(7)))
    assert [one[0] for one in own] == [one[0] for one in others] == [n**2 for n in range(7)]
    assert {one[1] for one in own} == {os.getpid()}
    assert os.getpid() not in {one[1] for one in others}
    # Each has one thread; the environment of this process is as it was.
    assert {one[2] for one in others} == {"1"}
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_one_process_takes_items_as_they_are_needed() -> None:
    taken = []

    def items() -> object:
        for number in range(5):
            taken.append(number)
            yield number

    with Workers(1) as workers:
        first = next(iter(workers.map(_fail, items())))  # type: ignore[arg-type]
    assert (first, taken) == (0, [0])


@pytest.mark.parametrize("processes", [1, 2])
def test_errors_reach_the_caller(processes: int) -> None:
    with Workers(processes) as workers:
        results = workers.map(_fail, range(4))
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(ValueError, match="two is refused"):
            next(results)


def test_a_lost_process_is_one_sentence() -> None:
    with (
        Workers(2) as workers,
        pytest.raises(OSError, match=r"a worker process was ended from outside.*`taskset -c 0`"),
    ):
        result_of(workers.submit(_end, 1))


@pytest.mark.parametrize("busy", [True, False])
def test_a_process_that_is_lost_later_is_one_sentence_too(tmp_path: Path, busy: bool) -> None:
    """By then the other one ignores the signal with which a pool ends its processes."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, signal, time\n"
        "from superxception_jax.workers import Workers, result_of\n"
        "from tests.test_workers import _square\n"
        "if __name__ == '__main__':\n"
        "    with Workers(2) as workers:\n"
        "        ready = set()\n"
        "        while len(ready) < 2:\n"
        "            ready |= {found[1] for found in workers.map(_square, range(4))}\n"
        f"        works = [workers.submit(time.sleep, 60)] * {busy}\n"
        "        time.sleep(0.2)\n"
        "        os.kill(min(ready), signal.SIGKILL)\n"
        "        result_of(works[0] if works else workers.submit(time.sleep, 60))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, stderr=subprocess.PIPE, timeout=30
    )
    assert b"OSError: a worker process was ended from outside" in done.stderr


def test_processes_that_are_started_early_import_what_they_need() -> None:
    with Workers(2) as workers:
        without = {result_of(workers.submit(_has_imported, "wave")) for _ in range(4)}
    with Workers(2, imports=["wave"]) as workers:
        workers.start()
        imported = {result_of(workers.submit(_has_imported, "wave")) for _ in range(4)}
    assert (without, imported) == ({False}, {True})


def test_no_process_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`processes` must be at least 1, got 0"):
        Workers(0)
    assert usable_cores() >= 1


def test_windows_gets_no_more_processes_than_it_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Workers(64).processes == 64
    monkeypatch.setattr(sys, "platform", "win32")
    assert [Workers(number).processes for number in (1, 61, 64)] == [1, 61, 61]


def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, time\n"
        "from superxception_jax.workers import Workers, result_of\n"
        "if __name__ == '__main__':\n"
        "    with Workers(2) as workers:\n"
        "        print(result_of(workers.submit(os.getpid)), flush=True)\n"
        "        time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # of semaphores that a killed process leaves behind
        text=True,
        env=environment,
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 20
    assert _is_running(os.getpid())
    while _is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(worker)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        if not Path("/proc").is_dir():  # Only Linux tells a zombie from a process here.
            return True
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
