"""What the figures of a scaling study rest on, in words."""

from __future__ import annotations

from superxception_jax.studies.scaling.roofline import HOP_SECONDS
from superxception_jax.studies.scaling.scaling_results import ScalingResults
from superxception_jax.training.chips import find_chip_by_name


def assumptions(results: ScalingResults) -> list[str]:
    """Return the paragraphs on the assumptions.

    Args:
        results: Results of the study.
    """
    request = results.request
    if not results.rows:
        return []
    versions = next((row.compiled.versions for row in results.rows if row.compiled.versions), {})
    compiler = ", ".join(f"{name} {version}" for name, version in versions.items())
    peaks = "; ".join(
        f"{chip.name}: {chip.bfloat16_flops / 1e12:g} TFLOP/s, "
        f"{chip.memory_bandwidth / 1e9:g} GB/s of memory, "
        f"{chip.interconnect_bandwidth / 1e9:g} GB/s to the neighbours"
        for chip in map(find_chip_by_name, request.slices)
    )
    lines = [
        f"The step of a training, in its plain forms, compiled by the TPU compiler ({compiler}) "
        "for slices that aren't there: batch split over all chips, state copied to each and its "
        "memory reused. Nothing ran on a TPU.",
        f"Weak scaling: {request.images_per_chip} images per chip. Strong scaling: "
        f"{request.images_per_step} images per step, a number that the largest slice divides.",
        f"Peaks, as published: {peaks}.",
        "Operations: the compiler's count of the program on one chip. Beside it stands a count "
        "from the traced step: two for each multiply-add of a convolution or product, without "
        "taps on padding and inserted zeros, and without element-wise operations.",
        "float32 on a TPU: at JAX's default precision, products of float32 numbers take one pass "
        "in bfloat16, so that both precisions have the same peak; they differ in the traffic.",
        "Memory: state, batch and everything between; not the program itself, about 0.1 GiB.",
        "Traffic: the compiler's count, the operands and results of every fused operation. What "
        "stays in the chip's fast memory between two of them counts too, so that the time for the "
        "memory can be too long.",
        "Step: the longer of operations and memory, then the exchange. Exchange hidden: the "
        "longest of the three. Real steps also wait for latencies and for operations that reach "
        "no peak.",
        "Exchange: 2 (n − 1) / n of the bytes over all links of a chip at once, and "
        f"{1e6 * HOP_SECONDS:g} µs per hop around the torus for each operation. Slices smaller "
        "than a pod may lack the links that close the rings, and then take up to twice as long.",
        "BatchNorm takes its statistics over all chips, which is most of the number of exchanges; "
        "the gradients are most of the bytes.",
        "Efficiency: images per second and chip relative to the smallest slice that fits.",
        "Epochs count full batches, and no validation, checkpoints, start or compilation; images "
        "are supposed to arrive in time. A step with more images than the training set has no "
        "epoch.",
        "“Continued”: from the program of the largest slice, not compiled.",
    ]
    return ["## Assumptions", "\n".join(f"- {line}" for line in lines)]
