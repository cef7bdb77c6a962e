"""Meshes, shardings, donation and compiler options; everything is compiled here."""

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

from superxception_jax.data.stored_images import Images, TurnedImages
from superxception_jax.training.hosts.process_mesh import acquaint, mesh_of_processes

if TYPE_CHECKING:
    from superxception_jax.models.inference import Predict
    from superxception_jax.training.state import TrainStep

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

DATA_AXIS = "data"
# As measured, see results/performance.md.
CPU_OPTIONS = {
    # Keeps barriers until code generation: what precedes one becomes a buffer, computed once,
    # instead of being fused into every consumer.
    "xla_disable_hlo_passes": "cse_barrier_expander",
    # Leaves matrix products to the library that is best at them, and convolutions, at which it is
    # slow, to Eigen.
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT",
}
# Otherwise the CPU computes a bfloat16 network partly in float32: XLA leaves out roundings that are
# followed by a conversion back.
CPU_ROUNDING = {"xla_allow_excess_precision": False}


def make_mesh(device_count: int) -> Mesh:
    """Return the data-parallel mesh.

    Args:
        device_count: Number of devices over all processes; 0 for all.

    Returns:
        A mesh with the single axis `data`, in which the devices of a process follow each other.

    Raises:
        ValueError: Fewer devices are available, or they can't be shared evenly by the processes.
    """
    devices = jax.devices()
    if device_count > len(devices):
        raise ValueError(
            f"`training.devices` must be at most {len(devices)}, the number of devices that JAX "
            f"finds, got {device_count}; choose 0 for all."
        )
    count = device_count or len(devices)
    if jax.process_count() > 1:
        return acquaint(mesh_of_processes(devices, count, axis=DATA_AXIS))
    # Auto axes, because Linen's BatchNorm and convolutions don't support explicit shardings.
    return jax.make_mesh((count,), (DATA_AXIS,), (AxisType.Auto,), devices=devices[:count])


def make_local_mesh() -> Mesh:
    """Return a mesh of the first device of this process, for what it computes by itself."""
    return jax.make_mesh((1,), (DATA_AXIS,), (AxisType.Auto,), devices=jax.local_devices()[:1])


def place_replicated(tree: Any, mesh: Mesh) -> Any:
    """Return a tree of arrays, copied to every device of the mesh.

    Args:
        tree: Arrays, the same in every process.
        mesh: Devices.
    """
    sharding = NamedSharding(mesh, PartitionSpec())
    if jax.process_count() == 1:
        return jax.device_put(tree, sharding)
    return jax.tree.map(lambda leaf: _copy_everywhere(leaf, sharding), tree)


def _copy_everywhere(leaf: Any, sharding: NamedSharding) -> jax.Array:
    """Copy an array of this process to the devices of a mesh, without comparing processes."""
    if isinstance(leaf, jax.Array):
        if leaf.sharding == sharding:
            return leaf
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            data = _copy_everywhere(jax.random.key_data(leaf), sharding)
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(leaf))
    values = np.asarray(leaf)
    return jax.make_array_from_callback(values.shape, sharding, lambda index: values[index])


def with_replicated_sharding(tree: Any, mesh: Mesh) -> Any:
    """Return a tree of abstract arrays with the sharding of copies on every device."""
    sharding = NamedSharding(mesh, PartitionSpec())
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), tree
    )


def own_rows(batch_size: int, mesh: Mesh) -> slice:
    """Return the rows of a batch that the devices of this process hold.

    Args:
        batch_size: Images per step over all devices.
        mesh: Devices; those of a process follow each other.

    Returns:
        The slice of the first axis; everything in a single process.
    """
    own = [
        number
        for number, device in enumerate(mesh.devices.flat)
        if device.process_index == jax.process_index()
    ]
    share = batch_size // mesh.size
    return slice(own[0] * share, (own[-1] + 1) * share)


def place_batch(batch: np.ndarray, mesh: Mesh) -> jax.Array:
    """Return a batch, split over the devices along its first axis.

    Args:
        batch: The whole batch, the same in every process.
        mesh: Devices.
    """
    return place_own_rows(batch[own_rows(len(batch), mesh)], mesh)


def place_chosen(images: Images | TurnedImages, indices: np.ndarray, mesh: Mesh) -> jax.Array:
    """Return a batch of some images, split over the devices; each process reads only its own rows.

    Args:
        images: u8[N,S,S,1], in memory or in a file.
        indices: i64[B], the images of the whole batch, the same in every process.
        mesh: Devices.
    """
    return place_own_rows(images[indices[own_rows(len(indices), mesh)]], mesh)


def place_own_rows(rows: np.ndarray, mesh: Mesh) -> jax.Array:
    """Return a batch of which every process gives the rows of its own devices.

    Args:
        rows: Those rows of the batch that this process holds, see `own_rows`.
        mesh: Devices.
    """
    return jax.make_array_from_process_local_data(
        NamedSharding(mesh, PartitionSpec(DATA_AXIS)), rows
    )


def compile_train_step(train_step: TrainStep, mesh: Mesh) -> TrainStep:
    """Return a training step that is compiled at its first call and reuses the state's memory.

    Args:
        train_step: Pure step, such as that of `steps.make_train_step`.
        mesh: Devices; the batch is split over them, the state is copied to each.

    Returns:
        The step, for arguments that keep their shapes.
    """
    step = jit_train_step(train_step, mesh)
    compiled = None

    def run(*arguments):
        nonlocal compiled
        if compiled is None:
            compiled = step.lower(*arguments).compile()
            _return_free_memory()
        return compiled(*arguments)

    return run


def jit_train_step(train_step: TrainStep, mesh: Mesh) -> Any:
    """Return a training step for a mesh, to be lowered for arrays or shapes.

    Args:
        train_step: Pure step, such as that of `steps.make_train_step`.
        mesh: Devices, which needn't be there: those of a topology do as well.

    Returns:
        The result of `jax.jit`: the batch is split, the state is copied to each device and its
        memory is reused.
    """
    everywhere, split = _shardings(mesh)
    return jax.jit(
        train_step,
        in_shardings=(everywhere, split, split, everywhere),
        out_shardings=(everywhere, everywhere),
        donate_argnums=0,
        compiler_options=compiler_options(mesh.devices.flat[0].platform),
    )


def compile_replicated(
    function: Callable[_Arguments, _Result], mesh: Mesh
) -> Callable[_Arguments, _Result]:
    """Return a compiled function with a result on every device.

    Compiled as a whole, a function computes only what its result needs; otherwise each operation
    would be compiled separately.

    Args:
        function: Function such as one that draws the first state from a key.
        mesh: Devices.

    Returns:
        The compiled function.
    """
    return jax.jit(function, out_shardings=_shardings(mesh)[0])


def compile_predict(predict: Predict, mesh: Mesh) -> Predict:
    """Return a compiled prediction.

    Args:
        predict: Pure function, such as that of `models.inference.make_predict`.
        mesh: Devices; the batch is split over them.

    Returns:
        The compiled function; its outputs are on every device.
    """
    everywhere, split = _shardings(mesh)
    return jax.jit(
        predict,
        in_shardings=(everywhere, split),
        # So that every process gets the outputs of all.
        out_shardings=everywhere,
        compiler_options=compiler_options(mesh.devices.flat[0].platform),
    )


def compiler_options(platform: str) -> dict[str, Any]:
    """Return the fastest compiler options for a CPU, as measured; they keep every rounding.

    Other platforms have XLA's defaults, which may leave out roundings of bfloat16 that are followed
    by a conversion back: what was measured on CPUs says nothing about them.

    Args:
        platform: Target platform, "cpu", "gpu" or "tpu".

    Returns:
        Options for `jax.jit`; none but for a CPU.
    """
    return _known_options() | CPU_ROUNDING if platform == "cpu" else {}


@functools.cache
def _known_options() -> dict[str, Any]:
    """Return the options that this release of XLA supports; warn of the others."""
    known = {}
    for name, value in CPU_OPTIONS.items():
        try:
            jax.jit(jnp.negative, compiler_options={name: value}).lower(0.0).compile()
        except jax.errors.JaxRuntimeError as error:
            logging.warning(
                "steps are slower: jax %s lacks the compiler option `%s`: %s",
                jax.__version__,
                name,
                error,
            )
        else:
            known[name] = value
    return known


def _return_free_memory() -> None:
    """Return to the system the half gigabyte that the compiler has freed and malloc keeps."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # absent from some C libraries
        if trim is not None:
            trim(0)


def _shardings(mesh: Mesh) -> tuple[NamedSharding, NamedSharding]:
    return NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec(DATA_AXIS))
