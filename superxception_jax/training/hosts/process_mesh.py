"""The mesh of the devices of several processes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from superxception_jax.training.hosts.processes import meet


def mesh_of_processes(devices: Sequence[jax.Device], count: int, *, axis: str) -> Mesh:
    """Return a mesh of equally many devices of each process, those of each together.

    Args:
        devices: All devices of all processes.
        count: Number of devices to take.
        axis: Name of the mesh's axis.

    Raises:
        ValueError: They can't be shared evenly by the processes.
    """
    processes = sorted({device.process_index for device in devices})
    share, rest = divmod(count, len(processes))
    if rest:
        raise ValueError(
            f"`training.devices` must be a multiple of the {len(processes)} processes, got "
            f"{count}; choose {max(share, 1) * len(processes)}, or 0 for all."
        )
    chosen = []
    for process in processes:
        own = [device for device in devices if device.process_index == process]
        if len(own) < share:
            raise ValueError(
                f"`training.devices` must take {share} devices of each process, got only "
                f"{len(own)} in process {process}; choose a smaller multiple of "
                f"{len(processes)}, or give each process equally many devices."
            )
        chosen += own[:share]
    return Mesh(np.array(chosen), (axis,), axis_types=(AxisType.Auto,))


def acquaint(mesh: Mesh) -> Mesh:
    """Return a mesh once its processes have exchanged a first sum.

    The CPU's collectives connect at their first use, and give up unless all come within half a
    minute: later, one process may still compile.

    Args:
        mesh: Devices of all processes.
    """
    ones = jax.make_array_from_process_local_data(
        NamedSharding(mesh, PartitionSpec(*mesh.axis_names)),
        np.ones(len(mesh.local_devices), np.float32),
    )
    total = jax.jit(jnp.sum, out_shardings=NamedSharding(mesh, PartitionSpec()))
    with _silent_output():
        meet()
        jax.block_until_ready(total(ones))
    return mesh


@contextlib.contextmanager
def _silent_output() -> Iterator[None]:
    """Drop what C++ prints: the CPU's collectives announce each connection on stdout."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
