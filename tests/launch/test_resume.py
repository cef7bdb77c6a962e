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


def _has_saved(workdir):
    return any(path.name.isdigit() for path in (workdir / "checkpoints" / "latest").glob("*"))


def _stop(arguments, workdir, number, *, lines):
    """Send a signal after some lines of metrics, of which one is new; return what was said."""
    metrics = workdir / "metrics.jsonl"
    earlier = len(metrics.read_text().splitlines()) if metrics.exists() else 0
    program = Program("main.py", *arguments, f"--workdir={workdir}", folder=workdir.parent)
    program.wait_for(metrics, lines=max(lines, earlier + 1))
    program.signal(number)
    stopped = program.finish()
    if number == signal.SIGTERM:
        assert stopped.returncode == 128 + number
        assert "stopped by SIGTERM after step" in stopped.stderr
        assert f"python launch/main.py --workdir={workdir}" in stopped.stderr
    else:
        assert stopped.returncode == -number
    assert not (workdir / "results.json").exists()
    return stopped.stdout


def test_a_run_that_was_killed_and_stopped_ends_like_one_never_stopped(folder, flags):
    whole = folder / "whole"
    done = run("main.py", *FLAGS, *flags, f"--workdir={whole}", folder=folder)
    assert done.returncode == 0, done.stderr
    expected = _latest(whole)
    # Before the first checkpoint; politely, and then between two checkpoints of what was resumed.
    stops = {2: signal.SIGKILL, 3: signal.SIGTERM, 7: signal.SIGKILL}
    workdir = folder / "stopped"
    saved, arguments = False, (*FLAGS, *flags)
    for lines, number in stops.items():
        said = _stop(arguments, workdir, number, lines=lines)
        assert ("resuming from step" in said) == saved
        saved = _has_saved(workdir)
        assert saved or number == signal.SIGKILL
        arguments = flags[1:] if saved else (*FLAGS, *flags)
    done = run("main.py", *arguments, f"--workdir={workdir}", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "resuming from step" in done.stdout
    overrides = json.loads((workdir / "environment.json").read_text())["overrides"]
    assert overrides["model.implementation"] == "plain"
    step, state = _latest(workdir)
    assert step == expected[0]
    jax.tree.map(np.testing.assert_array_equal, state, expected[1])
    steps, whole_steps = (
        [(entry.kind, entry.step) for entry in load_metrics(one)] for one in (workdir, whole)
    )
    assert steps == whole_steps
