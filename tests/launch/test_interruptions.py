"""Signals stop a run in every phase with their own status, and it says how to go on."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.launch.programs import REPOSITORY, command, environment

FLAGS = (
    f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:smoke",
    "--config.model.implementation=plain",
)


@pytest.fixture
def heeded():
    """A process started by nohup ignores this signal, and so do those that it starts."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_a_broken_connection_and_a_warning_of_a_cluster_save_and_stop(folder, flags, heeded):
    workdir = folder / "run"
    # While the data are loaded, and in the training.
    for number, mark, lines in (
        (signal.SIGHUP, "config.json", 0),
        (signal.SIGUSR1, "metrics.jsonl", 2),
    ):
        process = subprocess.Popen(
            command("main.py", *FLAGS, *flags, f"--workdir={workdir}"),
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        path, deadline = workdir / mark, time.monotonic() + 300
        while process.poll() is None and time.monotonic() < deadline:
            if path.exists() and len(path.read_text().splitlines()) >= lines:
                break
            time.sleep(0.02)
        process.send_signal(number)
        _, error = process.communicate(timeout=300)
        assert process.returncode == 128 + number, error
        assert f"stopped by {number.name}" in error
        assert error.endswith(f"Resume with: python launch/main.py --workdir={workdir}\n")
        assert not list(workdir.rglob("*.tmp"))
    assert "after step" in error
    assert list((workdir / "checkpoints" / "latest").glob("[0-9]*"))
