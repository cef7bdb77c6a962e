"""The TPU compiler on a machine without a TPU: slices, their shapes and their devices."""

from __future__ import annotations

import importlib.metadata
import importlib.util

import numpy as np
from jax.sharding import AxisType, Mesh

from superxception_jax.training.chips import Chip
from superxception_jax.training.compile import DATA_AXIS

# Chips for which the compiler takes a chip as one device.
COMPILED_CHIPS = ("v5e", "v5p", "v6e")
# So that the compiler neither looks for a TPU nor asks the cloud which one it is; several
# programs may load it at once.
ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    "TPU_SKIP_MDS_QUERY": "1",
    "TPU_WORKER_HOSTNAMES": "localhost",
    "TPU_ACCELERATOR_TYPE": "v5litepod-4",
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
}


def check_compiler() -> None:
    """Raise if the TPU compiler isn't installed.

    Raises:
        ValueError: The package `libtpu` is missing.
    """
    if importlib.util.find_spec("libtpu") is None:
        raise ValueError(
            "`--chips` must be `none` without the TPU compiler, got no package `libtpu`; install "
            'it by `pip install -r requirements.txt "jax[tpu]"`.'
        )


def compiler_versions() -> dict[str, str]:
    """Return the versions of JAX and of the TPU compiler."""
    return {name: importlib.metadata.version(name) for name in ("jax", "libtpu")}


def slice_shape(chip: Chip, chips: int) -> tuple[int, ...]:
    """Return the most compact shape of a slice.

    Args:
        chip: Kind of TPU.
        chips: Number of chips, a power of two.

    Returns:
        Chips along each axis of the torus.

    Raises:
        ValueError: The number isn't a power of two.

    >>> from superxception_jax.training.chips import find_chip_by_name
    >>> slice_shape(find_chip_by_name("v5e"), 64)
    (8, 8)
    >>> slice_shape(find_chip_by_name("v5p"), 4), slice_shape(find_chip_by_name("v5p"), 16)
    ((2, 2, 1), (2, 2, 4))
    """
    if chips < 1 or chips & (chips - 1):
        nearest = 2 ** max(chips - 1, 0).bit_length()
        raise ValueError(f"`--chips` must be powers of two, got {chips}; choose {nearest}.")
    exponent = chips.bit_length() - 1
    shares = [(exponent + place) // chip.axes for place in range(chip.axes)]
    if chips <= 2**2:
        # The chips of one host are a square.
        shares.reverse()
    return tuple(2**share for share in shares)


def make_slice(chip: Chip, chips: int) -> Mesh:
    """Return the mesh of a slice that needn't be there; needs `ENVIRONMENT`.

    Args:
        chip: Kind of TPU, one of `COMPILED_CHIPS`.
        chips: Number of chips, a power of two.
    """
    from jax.experimental import topologies

    shape = slice_shape(chip, chips)
    name = f"{chip.name}:{'x'.join(map(str, shape))}"
    # A host has four chips, unless the slice has fewer.
    part = {"chips_per_host_bounds": (*shape, 1)[:3]} if chips < chip.host_chips else {}
    devices = topologies.get_topology_desc(name, "tpu", **part).devices
    return Mesh(np.array(devices), (DATA_AXIS,), axis_types=(AxisType.Auto,))
