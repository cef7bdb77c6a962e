"""The part of a scaling page on what was measured on this machine."""

from __future__ import annotations

from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.studies.scaling.page_cells import UNKNOWN, milliseconds
from superxception_jax.studies.scaling.roofline import Estimate
from superxception_jax.studies.scaling.scaling_results import ScalingResults


def measured_section(results: ScalingResults) -> list[str]:
    """Return the paragraphs on the measurements.

    Args:
        results: Results of the study.
    """
    firsts: dict[str, Estimate] = {}
    lines = []
    for one in results.measured:
        line = [one.scaling, str(one.devices), str(one.processes), str(one.images)]
        if one.step_s:
            first = firsts.setdefault(one.scaling, one.time)
            line += [
                milliseconds(one.step_s),
                str(one.steps),
                f"{one.time.images_per_s:.1f}",
                f"{one.time.images_per_s / first.images_per_s:.2f}",
                f"{100 * one.time.efficiency(first):.0f} %",
            ]
        else:
            line += [one.message, *[UNKNOWN] * 4]
        lines.append(line)
    heads = (
        *("scaling", "devices", "processes", "images per step", "step, ms", "steps"),
        *("images per second", "relative", "efficiency"),
    )
    return [
        "## Measured on this machine",
        f"Virtual devices on {results.cores} cores of one CPU, in one process or one process "
        "each. They share the cores, so that more devices than cores can't be faster, and a "
        "single device uses all cores already: a relative rate of 1 is the best that can be, and "
        "what is missing is the cost of the exchange between devices and processes. How a step "
        "scales over chips of their own is not measured here.",
        markdown_grid(heads, lines),
    ]
