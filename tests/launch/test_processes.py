"""Two processes train one network: one signal stops both, and one that ends ends the other."""

from __future__ import annotations

import signal

from superxception_jax.training.recorder import load_metrics
from tests.launch.programs import REPOSITORY, Program, environment
from tests.training.hosts.test_processes import free_port

FLAGS = (
    f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:smoke",
    "--config.model.implementation=plain",
    "--config.training.checkpoint_every_steps=1",
)


def _start(folder, flags, workdir):
    """Start both processes, with two devices each."""
    two = f"{environment()['XLA_FLAGS']} --xla_force_host_platform_device_count=2"
    port = free_port()
    return [
        Program(
            "main.py",
            *(*FLAGS, *flags, f"--workdir={workdir}", "--lost_after_seconds=5"),
            *(f"--coordinator=127.0.0.1:{port}", "--process_count=2"),
            f"--process_index={index}",
            folder=folder,
            environment={"XLA_FLAGS": two},
        )
        for index in range(2)
    ]


def _stop(running, victim, number, *, workdir, after_lines):
    """Send a signal to one process once the run has written some lines; return how both end."""
    running[victim].wait_for(workdir / "metrics.jsonl", lines=after_lines)
    running[victim].signal(number)
    return [one.finish() for one in running]


def test_one_signal_stops_both_and_one_death_ends_both_and_the_run_goes_on(folder, flags):
    workdir = folder / "run"
    running = _start(folder, flags, workdir)
    ended = _stop(running, 1, signal.SIGTERM, workdir=workdir, after_lines=1)
    assert [one.returncode for one in ended] == [128 + signal.SIGTERM] * 2, ended
    assert "stopped by SIGTERM after step" in ended[0].stderr
    assert f"--workdir={workdir} in each of the 2 processes\n" in ended[0].stderr
    assert (ended[1].stdout, ended[1].stderr.strip()) == ("", "")
    saved = len(load_metrics(workdir))

    running = _start(folder, flags, workdir)
    ended = _stop(running, 0, signal.SIGKILL, workdir=workdir, after_lines=saved + 1)
    assert [one.returncode for one in ended] == [-signal.SIGKILL, 1], ended
    assert "process 1 of 2: error: process 0 of 2 has ended or hangs" in ended[1].stderr
    assert (
        f"process 1 of 2: Resume with: python launch/main.py --workdir={workdir}" in ended[1].stderr
    )
    assert not (workdir / "results.json").exists()

    running = _start(folder, flags, workdir)
    ended = [one.finish() for one in running]
    assert [one.returncode for one in ended] == [0, 0], ended
    assert "on 4 × cpu in 2 processes" in ended[0].stdout
    assert str(workdir / "results.json") in ended[0].stdout.splitlines()
    assert (ended[1].stdout, ended[1].stderr) == ("", "")
    assert [entry.step for entry in load_metrics(workdir)] == [1, 2, 3, 4, 4, 5, 6, 7, 8, 8]
