"""Signals stop a run in every phase with their own status, and it says how to go on."""

from __future__ import annotations

import signal

from tests.launch.programs import REPOSITORY, Program

FLAGS = (
    f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:smoke",
    "--config.model.implementation=plain",
)


def test_a_broken_connection_and_a_warning_of_a_cluster_save_and_stop(folder, flags):
    workdir = folder / "run"
    # While the data are loaded, and in the training.
    for number, mark, lines in (
        (signal.SIGHUP, "config.json", 0),
        (signal.SIGUSR1, "metrics.jsonl", 2),
    ):
        program = Program("main.py", *FLAGS, *flags, f"--workdir={workdir}", folder=folder)
        program.wait_for(workdir / mark, lines=lines)
        program.signal(number)
        done = program.finish()
        assert done.returncode == 128 + number, done.stderr
        assert f"stopped by {number.name}" in done.stderr
        assert done.stderr.endswith(f"Resume with: python launch/main.py --workdir={workdir}\n")
        assert not list(workdir.rglob("*.tmp"))
    assert "after step" in done.stderr
    assert list((workdir / "checkpoints" / "latest").glob("[0-9]*"))
