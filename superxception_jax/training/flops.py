"""Operations of a training step, counted without a compiler: a multiply-add is two operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from superxception_jax.models.multiply_accumulates import count_effective_multiply_accumulates
from superxception_jax.training.chips import find_chip

# The gradients with respect to the input and to the weights cost what the forward pass does.
PASSES = 3


def model_flops_per_image(multiply_accumulates: int) -> float:
    """Return the operations that training with one image needs, whatever program does it.

    It is three times those of the forward pass: for the outputs, the gradients of the inputs and
    the gradients of the weights. Operations done twice to save memory don't count, nor do
    element-wise ones.

    Args:
        multiply_accumulates: Those of the forward pass with one image, in the plain forms.

    Returns:
        The count, a multiply-add as two.

    Source: Chowdhery et al. 2022, appendix B, for the utilisation of model FLOPs.

    >>> model_flops_per_image(10)
    60.0
    """
    return 2.0 * PASSES * multiply_accumulates


def count_flops(function: Callable[..., Any], *arguments: Any) -> float:
    """Return the operations of a function's convolutions and matrix products.

    Taps of a convolution on padding, and on the zeros that spread its input in a gradient, don't
    count, as in XLA's own analysis; element-wise operations count there, and not here.

    Args:
        function: Function to be traced, such as a training step.
        arguments: Its arguments, arrays or shapes.

    Returns:
        The count for one call, a multiply-add as two.
    """
    return 2.0 * count_effective_multiply_accumulates(function, *arguments)


def utilization_per_image_rate(
    flops_per_image: float, *, device_kind: str, devices: int, precision: str
) -> float:
    """Return the share of the peak that one image per second uses.

    Args:
        flops_per_image: Operations that training with one image needs.
        device_kind: Name that JAX gives the devices.
        devices: Number of devices.
        precision: Number format of the products, "float32" or "bfloat16".

    Returns:
        The share, 0..1; 0 where the peak of the devices is unknown.
    """
    chip = find_chip(device_kind)
    return 0.0 if chip is None else flops_per_image / (devices * chip.peak_flops(precision))
