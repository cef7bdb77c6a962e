"""The measurement of one case on the devices of this machine, in a process of its own.

python -m superxception_jax.studies.scaling.measure_process <task>.json
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.files import write_json
from superxception_jax.runs.config.config_values import config_from_json
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.network import make_network
from superxception_jax.studies.scaling.program import build_step, make_step_optimizer
from superxception_jax.training import compile as compilation
from superxception_jax.training.state import init_state

WARM_UP_STEPS = 2
LEAST_STEPS = 5


def measure(config: Mapping[str, Any], *, devices: int, seconds: float) -> list[float]:
    """Return the times of the steps of a training on this machine, in seconds.

    Args:
        config: JSON values of the config, `Experiment.config`.
        devices: Number of devices over all processes.
        seconds: Time for which steps are run, after those that warm up.
    """
    experiment = build_experiment(config_from_json(config))
    mesh = compilation.make_mesh(devices)
    if jax.process_count() > 1:
        # The CPU's collectives connect at their first use, and don't wait for one that compiles.
        multihost_utils.sync_global_devices("start")
    model, optimizer = make_network(experiment, mesh), make_step_optimizer(experiment)
    # Drawn on the devices: those of other processes can't be written to.
    key = compilation.compile_replicated(lambda: jax.random.key(experiment.seed), mesh)()
    state = compilation.compile_replicated(
        lambda key: init_state(model, optimizer, key=key, input_px=experiment.input_px), mesh
    )(key)
    generator = np.random.default_rng(0)
    side, count = experiment.normalization.image_px, experiment.batch_size
    images = generator.integers(0, 256, (count, side, side, 1)).astype(np.uint8)
    labels = generator.integers(0, len(CLASS_NAMES), count).astype(np.int32)
    batch = compilation.place_batch(images, mesh), compilation.place_batch(labels, mesh)
    step = compilation.compile_train_step(build_step(experiment, mesh), mesh)
    times: list[float] = []
    # The number of steps has to be that of all processes: the slowest of the first ones decides.
    for _ in range(WARM_UP_STEPS):
        started = time.monotonic()
        state, metrics = step(state, *batch, key)
        jax.block_until_ready(metrics)
        first = time.monotonic() - started
    total = max(LEAST_STEPS, int(seconds / _slowest(first)))
    for _ in range(total):
        started = time.monotonic()
        state, metrics = step(state, *batch, key)
        jax.block_until_ready(metrics)
        times.append(time.monotonic() - started)
    return times


def _slowest(seconds: float) -> float:
    if jax.process_count() == 1:
        return seconds
    return float(np.max(multihost_utils.process_allgather(np.float32(seconds))))


def main(task_file: Path) -> None:
    """Measure the case of a file; the first process writes the result beside it.

    Args:
        task_file: JSON with `config`, `devices`, `seconds`, `processes`, `process`, `coordinator`
            and `result`.
    """
    task = json.loads(task_file.read_text(encoding="utf-8"))
    if task["processes"] > 1:
        jax.distributed.initialize(
            task["coordinator"], num_processes=task["processes"], process_id=task["process"]
        )
    times = measure(task["config"], devices=task["devices"], seconds=task["seconds"])
    if task["process"] == 0:
        result = {"step_s": statistics.median(times), "steps": len(times)}
        write_json(Path(task["result"]), result)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
