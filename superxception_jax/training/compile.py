"""The only place that compiles: meshes, shardings, donation and compiler options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

DATA_AXIS = "data"


def make_mesh(device_count: int) -> Mesh:
    """Make the data-parallel mesh.

    Args:
        device_count: devices to use; 0 means all.

    Returns:
        A mesh with the single axis `data`.

    Raises:
        ValueError: there are fewer devices.
    """
    devices = jax.devices()
    if device_count > len(devices):
        raise ValueError(
            f"`training.devices` must be at most {len(devices)}, the devices that JAX finds, "
            f"got {device_count}; choose 0 for all of them."
        )
    count = device_count or len(devices)
    # Auto axes: Linen's BatchNorm and convolutions don't know explicit shardings.
    return jax.make_mesh((count,), (DATA_AXIS,), (AxisType.Auto,), devices=devices[:count])


def check_batch_size(name: str, batch_size: int, mesh: Mesh) -> None:
    """Check that a batch divides evenly over the devices.

    Args:
        name: of the config's field.
        batch_size: images a step.
        mesh: the devices.

    Raises:
        ValueError: it doesn't.
    """
    if batch_size % mesh.size:
        raise ValueError(
            f"`{name}` must be a multiple of the {mesh.size} devices, got {batch_size}; "
            f"choose {-(-batch_size // mesh.size) * mesh.size}."
        )


def place_replicated(tree: Any, mesh: Mesh) -> Any:
    """Copy a tree of arrays to every device of the mesh."""
    return jax.device_put(tree, NamedSharding(mesh, PartitionSpec()))


def with_replicated_sharding(tree: Any, mesh: Mesh) -> Any:
    """Add to every abstract array of a tree that it lies on every device of the mesh."""
    sharding = NamedSharding(mesh, PartitionSpec())
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), tree
    )


def place_batch(array: np.ndarray, mesh: Mesh) -> jax.Array:
    """Split an array over the devices along its first axis."""
    return jax.device_put(array, NamedSharding(mesh, PartitionSpec(DATA_AXIS)))


def compile_train_step(train_step: Callable, mesh: Mesh) -> Callable:
    """Compile a training step; the given state's memory is reused for the new one.

    Args:
        train_step: made by `steps.make_train_step`.
        mesh: the devices; the batch is split over them, the state is on each.

    Returns:
        The compiled function of the same arguments.
    """
    everywhere, split = _shardings(mesh)
    return jax.jit(
        train_step,
        in_shardings=(everywhere, split, split, everywhere),
        out_shardings=(everywhere, everywhere),
        donate_argnums=0,
        compiler_options=compiler_options(mesh.devices.flat[0].platform),
    )


def compile_replicated(function: Callable, mesh: Mesh) -> Callable:
    """Compile a function whose result shall lie on every device.

    Args:
        function: for example key → the first state. Compiled as a whole, only what the result
            needs is computed; run operation by operation, each would be compiled alone.
        mesh: the devices.

    Returns:
        The compiled function of the same arguments.
    """
    return jax.jit(function, out_shardings=_shardings(mesh)[0])


def compile_predict(predict: Callable, mesh: Mesh) -> Callable:
    """Compile a function (variables, images) → an array with the images' first axis.

    Args:
        predict: for example made by `steps.make_predict`.
        mesh: the devices; the batch is split over them.

    Returns:
        The compiled function of the same arguments.
    """
    everywhere, split = _shardings(mesh)
    return jax.jit(predict, in_shardings=(everywhere, split), out_shardings=split)


def compiler_options(platform: str) -> dict[str, Any]:
    """Return the options that measure best on a platform.

    Args:
        platform: cpu, gpu or tpu.

    Returns:
        Options for `jax.jit`.
    """
    # The older emitters compile the fast forms in a quarter less time. Later releases of JAX
    # don't know the option and refuse it.
    if platform == "cpu" and True:
        return {
            "xla_disable_hlo_passes": "cse_barrier_expander",
            "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT",
        }
    return {}


def _shardings(mesh: Mesh) -> tuple[NamedSharding, NamedSharding]:
    return NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec(DATA_AXIS))
