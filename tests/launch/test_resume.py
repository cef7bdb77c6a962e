"""A run that was stopped or killed ends as if it had never been interrupted."""

from __future__ import annotations

import json
import signal

import jax
import numpy as np
import orbax.checkpoint as ocp

from superxception_jax.training.recorder import load_metrics
from tests.launch.programs import REPOSITORY, Program, run

# Eight steps with checkpoints after 3, 4, 6 and 8. The plain forms are traced and compiled
# faster, and every process does both.
FLAGS = (
    f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:smoke",
    "--config.training.checkpoint_every_steps=3",
    "--config.model.implementation=plain",
)


def _latest(workdir):
    manager = ocp.CheckpointManager((workdir / "checkpoints" / "latest").absolute())
    step = manager.latest_step()
    items = ocp.args.Composite(state=ocp.args.StandardRestore())
    state = manager.restore(step, args=items)["state"]
    manager.close()
    return step, state


def test_killed_or_stopped_runs_end_like_one_never_stopped(folder, flags):
    whole = folder / "whole"
    done = run("main.py", *FLAGS, *flags, f"--workdir={whole}", folder=folder)
    assert done.returncode == 0, done.stderr
    expected = _latest(whole)
    # Before the first checkpoint, between two of them, and politely.
    for number, lines in ((signal.SIGKILL, 2), (signal.SIGKILL, 7), (signal.SIGTERM, 3)):
        workdir = folder / f"{number.name}{lines}"
        program = Program("main.py", *FLAGS, *flags, f"--workdir={workdir}", folder=folder)
        program.wait_for(workdir / "metrics.jsonl", lines=lines)
        program.signal(number)
        stopped = program.finish()
        if number == signal.SIGTERM:
            assert stopped.returncode == 128 + number
            assert "stopped by SIGTERM after step" in stopped.stderr
            assert f"python launch/main.py --workdir={workdir}" in stopped.stderr
        else:
            assert stopped.returncode == -number
        assert not (workdir / "results.json").exists()
        saved = [
            path for path in (workdir / "checkpoints" / "latest").glob("*") if path.name.isdigit()
        ]
        done = run("main.py", flags[1], f"--workdir={workdir}", folder=folder)
        assert done.returncode == 0, done.stderr
        assert ("resuming from step" in done.stdout) == bool(saved)
        overrides = json.loads((workdir / "environment.json").read_text())["overrides"]
        assert overrides["model.implementation"] == "plain"
        step, state = _latest(workdir)
        assert step == expected[0]
        jax.tree.map(np.testing.assert_array_equal, state, expected[1])
        steps, whole_steps = (
            [(entry.kind, entry.step) for entry in load_metrics(one)] for one in (workdir, whole)
        )
        assert steps == whole_steps
