"""Two processes train one network: one signal stops both, and one that ends ends the other."""

from __future__ import annotations

import signal
import subprocess
import time

from superxception_jax.training.recorder import load_metrics
from tests.launch.programs import REPOSITORY, command, environment
from tests.training.test_processes import free_port

FLAGS = (
    f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:smoke",
    "--config.model.implementation=plain",
    "--config.training.checkpoint_every_steps=1",
)


def _start(folder, flags, workdir):
    """Start both processes, with two devices each."""
    both = environment()
    both["XLA_FLAGS"] += " --xla_force_host_platform_device_count=2"
    port = free_port()
    return [
        subprocess.Popen(
            command(
                "main.py",
                *(*FLAGS, *flags, f"--workdir={workdir}", "--lost_after_seconds=5"),
                *(f"--coordinator=127.0.0.1:{port}", "--process_count=2"),
                f"--process_index={index}",
            ),
            cwd=folder,
            env=both,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]


def _signal(running, victim, number, *, workdir, after_lines):
    """Send a signal to one process once the run has written some lines; return what both say."""
    metrics, deadline = workdir / "metrics.jsonl", time.monotonic() + 300
    while running[victim].poll() is None and time.monotonic() < deadline:
        if metrics.exists() and len(metrics.read_text().splitlines()) >= after_lines:
            break
        time.sleep(0.02)
    running[victim].send_signal(number)
    return [one.communicate(timeout=120) for one in running]


def test_one_signal_stops_both_and_one_death_ends_both_and_the_run_goes_on(folder, flags):
    workdir = folder / "run"
    running = _start(folder, flags, workdir)
    said = _signal(running, 1, signal.SIGTERM, workdir=workdir, after_lines=1)
    assert [one.returncode for one in running] == [128 + signal.SIGTERM] * 2, said
    assert "stopped by SIGTERM after step" in said[0][1]
    assert f"--workdir={workdir} in each of the 2 processes\n" in said[0][1]
    assert said[1] == ("", "\n") or said[1] == ("", "")
    saved = len(load_metrics(workdir))

    running = _start(folder, flags, workdir)
    said = _signal(running, 0, signal.SIGKILL, workdir=workdir, after_lines=saved + 1)
    assert [one.returncode for one in running] == [-signal.SIGKILL, 1], said
    assert "process 1 of 2: error: process 0 of 2 has ended or hangs" in said[1][1]
    assert f"process 1 of 2: Resume with: python launch/main.py --workdir={workdir}" in said[1][1]
    assert not (workdir / "results.json").exists()

    running = _start(folder, flags, workdir)
    said = [one.communicate(timeout=300) for one in running]
    assert [one.returncode for one in running] == [0, 0], said
    assert "on 4 × cpu in 2 processes" in said[0][0]
    assert str(workdir / "results.json") in said[0][0].splitlines()
    assert said[1] == ("", "")
    assert [entry.step for entry in load_metrics(workdir)] == [1, 2, 3, 4, 4, 5, 6, 7, 8, 8]
