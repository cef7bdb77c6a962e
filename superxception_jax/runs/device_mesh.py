"""The devices of a run, over which each of its batches is split."""

from __future__ import annotations

from collections.abc import Mapping

import jax

from superxception_jax.runs.experiment import Experiment
from superxception_jax.training import compile as compilation
from superxception_jax.training.hosts.processes import process_count


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
    if trains and experiment.accumulation_steps > 1:
        part = experiment.batch_size // experiment.accumulation_steps
        batches["training.batch_size / training.accumulation_steps"] = part
    elif trains:
        batches["training.batch_size"] = experiment.batch_size
    _check_batch_sizes(batches, mesh)
    return mesh


def _check_batch_sizes(batches: Mapping[str, int], mesh: jax.sharding.Mesh) -> None:
    """Check that all batches can be split evenly over the devices.

    Args:
        batches: Images per step by the names of the config fields that say so.
        mesh: Devices.

    Raises:
        ValueError: One can't be split.
    """
    wrong = {name: size for name, size in batches.items() if size % mesh.size}
    if not wrong:
        return
    processes = process_count()
    # Fewer devices leave the training as it is, up to the rounding of sums.
    fitting = [
        count
        for count in range(processes, mesh.size, processes)
        if not any(size % count for size in batches.values())
    ]
    choices = [f"`training.devices={fitting[-1]}`"] if fitting else []
    choices.append(" and ".join(str(-(-size // mesh.size) * mesh.size) for size in wrong.values()))
    if any(name.startswith("training.") for name in wrong):
        choices[-1] += ", which makes it another training"
    raise ValueError(
        f"{' and '.join(f'`{name}`' for name in wrong)} must be "
        f"{'a multiple' if len(wrong) == 1 else 'multiples'} of the {mesh.size} devices, got "
        f"{' and '.join(map(str, wrong.values()))}; choose {', or '.join(choices)}."
    )
