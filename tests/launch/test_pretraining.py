"""The super-resolution stack learns to restore first, and what it learned reaches the network."""

from __future__ import annotations

import json

import jax
import numpy as np
import orbax.checkpoint as ocp

from tests.launch.programs import REPOSITORY, run

# What the ablation `pretrained_frozen_stack` changes, with a network that compiles in less time.
CONFIG = (
    f"--config={REPOSITORY / 'configs' / 'super_alexnet.py'}:smoke",
    "--config.super_resolution.pretraining_epochs=2",
    "--config.super_resolution.parameters=frozen",
)


def best_stack(folder):
    manager = ocp.CheckpointManager((folder / "checkpoints" / "best").absolute())
    items = ocp.args.Composite(state=ocp.args.StandardRestore())
    state = manager.restore(manager.latest_step(), args=items)["state"]
    manager.close()
    return state["params"]["super_resolution"]


def test_a_frozen_stack_stays_as_it_was_pretrained(folder, flags):
    workdir = folder / "run"
    done = run(
        "main.py",
        *CONFIG,
        *flags,
        "--config.model.implementation=plain",
        "--config.training.batch_size=16",
        "--config.training.epochs=1",
        f"--workdir={workdir}",
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "pretraining the super-resolution stack on" in done.stdout
    lines = [
        json.loads(line)
        for line in (workdir / "pretraining" / "metrics.jsonl").read_text().splitlines()
    ]
    assert {line["kind"] for line in lines} == {"train", "validation"}
    pretrained = best_stack(workdir / "pretraining")
    assert any(leaf.any() for leaf in jax.tree.leaves(pretrained))
    jax.tree.map(np.testing.assert_array_equal, best_stack(workdir), pretrained)
    quality = json.loads((workdir / "results.json").read_text())["super_resolution"]
    assert quality["images"] > 0
    assert {"psnr", "psnr_bicubic", "ssim", "ssim_bicubic"} <= set(quality)
