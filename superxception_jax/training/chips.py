"""Published peaks of accelerators, by the name under which JAX lists them.

Products of float32 numbers run at JAX's default precision: a single pass in bfloat16 on a TPU,
TF32 on an NVIDIA card, and the float32 matrix units of an AMD card, where XLA leaves xf32, the
coarser and faster format of the MI300X, unused.

Source:
    TPU: https://docs.cloud.google.com/tpu/docs/v4, /v5e, /v5p, /v6e and /tpu7x.
    A100: https://www.nvidia.com/en-us/data-center/a100/ (dense, without sparsity, as all below).
    H100: https://www.nvidia.com/en-us/data-center/h100/ (SXM).
    H200: https://www.nvidia.com/en-us/data-center/h200/ (SXM).
    B200: https://www.nvidia.com/en-us/data-center/dgx-b200/ (an eighth of the system).
    L4: https://www.nvidia.com/en-us/data-center/l4/
    MI250X: https://www.amd.com/en/products/accelerators/instinct/mi200/mi250x.html
    MI300X: https://www.amd.com/en/products/accelerators/instinct/mi300/mi300x.html
"""

from __future__ import annotations

from dataclasses import dataclass

from superxception_jax.models.precision import PRECISIONS


@dataclass(frozen=True)
class Chip:
    """Published peaks of one device, as JAX counts devices.

    Attributes:
        name: Short name, such as "v5e".
        platform: Platform for which a program is lowered: "tpu", "cuda" or "rocm".
        kinds: Names that JAX gives such a device, `device_kind`.
        bfloat16_flops: Operations per second in products of bfloat16 numbers, without sparsity.
        float32_flops: Operations per second in products of float32 numbers at default precision.
        memory_bytes: Size of the memory.
        memory_bandwidth: Bytes per second to and from the memory.
        interconnect_bandwidth: Bytes per second that a device sends to its neighbours, over all
            links and in one direction.
        axes: Axes of the torus that connects the devices; 0 for a switch or full mesh.
        host_chips: Devices of one host.
    """

    name: str
    platform: str
    kinds: tuple[str, ...]
    bfloat16_flops: float
    float32_flops: float
    memory_bytes: float
    memory_bandwidth: float
    interconnect_bandwidth: float
    axes: int
    host_chips: int

    def peak_flops(self, precision: str) -> float:
        """Return the operations per second in products of numbers of a precision.

        Args:
            precision: "float32" or "bfloat16".

        Raises:
            ValueError: The precision is unknown.
        """
        if precision not in PRECISIONS:
            raise ValueError(
                f"`precision` must be one of {PRECISIONS}, got {precision!r}; choose one of them."
            )
        return self.bfloat16_flops if precision == "bfloat16" else self.float32_flops


def find_chip(device_kind: str) -> Chip | None:
    """Return the record of a device, or None for one that isn't known.

    Args:
        device_kind: Name that JAX gives the device.

    >>> find_chip("TPU v5 lite").name
    'v5e'
    >>> find_chip("cpu") is None
    True
    """
    return next((chip for chip in CHIPS if device_kind in chip.kinds), None)


def find_chip_by_name(name: str) -> Chip:
    """Return the record of a chip.

    Args:
        name: Short name, such as "v5e".

    Raises:
        ValueError: The name is unknown.
    """
    for chip in CHIPS:
        if chip.name == name:
            return chip
    names = ", ".join(chip.name for chip in CHIPS)
    raise ValueError(f"`chip` must be one of {names}, got {name!r}; choose one of them.")


# Name, platform, names of JAX; 1e12 operations per second in bfloat16 and float32; 1e9 bytes of
# memory; 1e9 bytes per second of memory and links; axes of the torus; chips of a host. Links: half
# of the published figure where that adds up both directions. The 16, 32 and 95 GB of TPUs are GiB,
# as their compiler counts them. JAX lists each of the two dies of an MI250X.
_ROWS: tuple[tuple[str, str, tuple[str, ...], tuple[float, ...], int, int], ...] = (
    ("v4", "tpu", ("TPU v4",), (275, 275, 34.36, 1200, 300), 3, 4),
    ("v5e", "tpu", ("TPU v5 lite", "TPU v5e"), (197, 197, 17.18, 819, 200), 2, 4),
    ("v5p", "tpu", ("TPU v5", "TPU v5p"), (459, 459, 102.0, 2765, 600), 3, 4),
    ("v6e", "tpu", ("TPU v6 lite", "TPU v6e"), (918, 918, 34.36, 1638, 400), 2, 4),
    (
        *("a100-40", "cuda", ("NVIDIA A100-SXM4-40GB", "NVIDIA A100-PCIE-40GB")),
        *((312, 156, 40, 1555, 300), 0, 8),
    ),
    ("a100-80", "cuda", ("NVIDIA A100-SXM4-80GB",), (312, 156, 80, 2039, 300), 0, 8),
    ("h100", "cuda", ("NVIDIA H100 80GB HBM3",), (989, 494.5, 80, 3350, 450), 0, 8),
    ("h200", "cuda", ("NVIDIA H200",), (989, 494.5, 141, 4800, 450), 0, 8),
    ("b200", "cuda", ("NVIDIA B200",), (2250, 1100, 180, 8000, 900), 0, 8),
    ("l4", "cuda", ("NVIDIA L4",), (121, 60, 24, 300, 32), 0, 8),
    ("mi250x", "rocm", ("AMD Instinct MI250X",), (191.5, 47.9, 64, 1638, 200), 0, 8),
    ("mi300x", "rocm", ("AMD Instinct MI300X",), (1307.4, 163.4, 192, 5300, 448), 0, 8),
)
CHIPS = tuple(
    Chip(
        name,
        platform,
        kinds,
        bfloat16_flops=numbers[0] * 1e12,
        float32_flops=numbers[1] * 1e12,
        memory_bytes=numbers[2] * 1e9,
        memory_bandwidth=numbers[3] * 1e9,
        interconnect_bandwidth=numbers[4] * 1e9,
        axes=axes,
        host_chips=host_chips,
    )
    for name, platform, kinds, numbers, axes, host_chips in _ROWS
)
