"""The only place that compiles: meshes, shardings, donation and compiler options."""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from absl import logging
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

if TYPE_CHECKING:
    from superxception_jax.models.inference import Predict
    from superxception_jax.training.state import TrainStep

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

DATA_AXIS = "data"
# Measured, see results/performance.md.
CPU_OPTIONS = {
    # Barriers stay in place until code is made of them: what stands before one becomes a
    # buffer, computed once, instead of a part of every reader.
    "xla_disable_hlo_passes": "cse_barrier_expander",
    # Matrix products go to the library that is best at them; the convolutions of that
    # library are slow, so that these stay with Eigen.
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT",
}


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


def compile_train_step(train_step: TrainStep, mesh: Mesh) -> TrainStep:
    """Compile a training step at its first call; a state's memory is reused for the next one.

    Args:
        train_step: made by `steps.make_train_step`.
        mesh: the devices; the batch is split over them, the state is on each.

    Returns:
        The compiled function of the same arguments, which keep their shapes.
    """
    everywhere, split = _shardings(mesh)
    step = jax.jit(
        train_step,
        in_shardings=(everywhere, split, split, everywhere),
        out_shardings=(everywhere, everywhere),
        donate_argnums=0,
        compiler_options=compiler_options(mesh.devices.flat[0].platform),
    )
    compiled = None

    def run(*arguments):
        nonlocal compiled
        if compiled is None:
            compiled = step.lower(*arguments).compile()
            _return_free_memory()
        return compiled(*arguments)

    return run


def compile_replicated(
    function: Callable[_Arguments, _Result], mesh: Mesh
) -> Callable[_Arguments, _Result]:
    """Compile a function whose result shall lie on every device.

    Args:
        function: for example key → the first state. Compiled as a whole, only what the result
            needs is computed; run operation by operation, each would be compiled alone.
        mesh: the devices.

    Returns:
        The compiled function of the same arguments.
    """
    return jax.jit(function, out_shardings=_shardings(mesh)[0])


def compile_predict(predict: Predict, mesh: Mesh) -> Predict:
    """Compile a function (variables, images) → an array with the images' first axis.

    Args:
        predict: for example made by `models.inference.make_predict`.
        mesh: the devices; the batch is split over them.

    Returns:
        The compiled function of the same arguments.
    """
    everywhere, split = _shardings(mesh)
    return jax.jit(
        predict,
        in_shardings=(everywhere, split),
        out_shardings=split,
        compiler_options=compiler_options(mesh.devices.flat[0].platform),
    )


def compiler_options(platform: str) -> dict[str, Any]:
    """Return the options that measure best on a platform.

    Args:
        platform: cpu, gpu or tpu.

    Returns:
        Options for `jax.jit`.

    Source: ours, measured, see `CPU_OPTIONS`.
    """
    return _known_options() if platform == "cpu" else {}


@functools.cache
def _known_options() -> dict[str, Any]:
    """Leave out, with a warning, what this release of XLA doesn't know: options come and go."""
    known = {}
    for name, value in CPU_OPTIONS.items():
        try:
            jax.jit(jnp.negative, compiler_options={name: value}).lower(0.0).compile()
        except jax.errors.JaxRuntimeError as error:
            logging.warning("jax %s compiles slower steps: %s", jax.__version__, error)
        else:
            known[name] = value
    return known


def _return_free_memory() -> None:
    """Give back to the system what the compiler has freed, half a gigabyte that malloc keeps."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # not every C library has it
        if trim is not None:
            trim(0)


def _shardings(mesh: Mesh) -> tuple[NamedSharding, NamedSharding]:
    return NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec(DATA_AXIS))
