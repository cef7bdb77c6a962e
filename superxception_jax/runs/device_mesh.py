"""The devices of a run, over which each of its batches is split."""

from __future__ import annotations

import jax

from superxception_jax.runs.experiment import Experiment
from superxception_jax.training import compile as compilation
from superxception_jax.training.processes import process_count


def choose_mesh(experiment: Experiment, *, trains: bool) -> jax.sharding.Mesh:
    """Return the devices of a run.

    Args:
        experiment: Checked experiment.
        trains: Whether the run trains, and not only evaluates. The result of an evaluation doesn't
            depend on its devices: a single process takes those of the config that are there, and
            of these as many as split its batch.

    Raises:
        ValueError: Devices are missing, or a batch can't be split over them.
    """
    count = experiment.device_count
    if not trains and process_count() == 1:
        available = len(jax.devices())
        most = min(count or available, available)
        sizes = range(most, 0, -1)
        count = next(size for size in sizes if experiment.evaluation_batch_size % size == 0)
    mesh = compilation.make_mesh(count)
    batches = {"evaluation.batch_size": experiment.evaluation_batch_size}
    if trains:
        batches["training.batch_size"] = experiment.batch_size
        if experiment.accumulation_steps > 1:
            part = experiment.batch_size // experiment.accumulation_steps
            batches["training.batch_size / training.accumulation_steps"] = part
    for name, size in batches.items():
        compilation.check_batch_size(name, size, mesh)
    return mesh
