"""The page of a scaling study."""

from __future__ import annotations

from collections.abc import Sequence

from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.studies.scaling.assumptions import assumptions
from superxception_jax.studies.scaling.case import COMPILED
from superxception_jax.studies.scaling.measured_page import measured_section
from superxception_jax.studies.scaling.page_cells import (
    UNKNOWN,
    describe_batch,
    duration,
    gigabytes,
    megabytes,
    milliseconds,
)
from superxception_jax.studies.scaling.roofline import Estimate, chips_where_exchange_dominates
from superxception_jax.studies.scaling.scaling_plan import switch_cases
from superxception_jax.studies.scaling.scaling_results import Row, ScalingResults
from superxception_jax.studies.scaling.scaling_run import largest_batches
from superxception_jax.training.chips import find_chip_by_name

GOOD_EFFICIENCY = 0.8
SCALING_TITLES = {
    "weak": "Weak scaling: every chip keeps its images per step",
    "strong": "Strong scaling: the chips share the images of a step",
}


def scaling_markdown(results: ScalingResults) -> str:
    """Write the results as Markdown.

    Args:
        results: Results of the study.

    Returns:
        Markdown.
    """
    text = [
        f"# Scaling `{results.name}`",
        f"{results.network}, config `{results.config}`, {results.epochs} epochs"
        + (f" of {results.training_images:,} images." if results.training_images else "."),
    ]
    if results.left:
        text += [
            f"**{results.left} of {len(results.rows)} compilations are left**; the command below "
            "continues with them."
        ]
    if results.curves:
        text += [f"![Images per second and efficiency]({results.name}.png)"]
    if results.rows:
        text += [*_answer(results), *_curves(results), *_switches(results), *_batches(results)]
    if results.lowered:
        text += _lowered(results)
    if results.measured:
        text += measured_section(results)
    text += [*_problems(results), *assumptions(results)]
    # That which compiles what is missing, also where only what was there has been shown.
    command = results.provenance.command.replace(" --compile=none", "")
    text += [
        "## Reproduce",
        f"```sh\n{command}\n```",
        f"Commit `{results.provenance.commit}`.",
    ]
    return "\n\n".join(text) + "\n"


def _answer(results: ScalingResults) -> list[str]:
    """Return the table that says which slice is worth its chips."""
    heads = ["chip", "precision", "largest batch of a chip"]
    heads += [
        f"{scaling}: {what}"
        for scaling in results.request.scalings
        for what in (f"most chips at ≥ {100 * GOOD_EFFICIENCY:.0f} %", "exchange dominates from")
    ]
    heads.append("shortest run")
    batches = largest_batches(results.rows)
    lines = []
    for chip in results.request.slices:
        for precision in results.request.precisions:
            found = batches.get((chip, precision))
            line = [chip, precision, describe_batch(found) if found else UNKNOWN]
            runs = []
            for scaling in results.request.scalings:
                rows = results.find(results.request.cases(scaling, chip, precision))
                line += _limits([row for row in rows if row.time is not None], scaling)
                runs += [
                    (epoch_s * results.epochs, row.case)
                    for row in rows
                    if row.time is not None
                    and (epoch_s := row.time.epoch_s(results.training_images)) is not None
                ]
            shortest = min(runs, key=lambda one: one[0], default=None)
            if shortest is None:
                line.append(UNKNOWN)
            else:
                seconds, case = shortest
                line.append(f"{duration(seconds)}: {case.chips} chips, {case.images} images a step")
            lines.append(line)
    return ["## Which slice?", markdown_grid(heads, lines)]


def _limits(rows: Sequence[Row], scaling: str) -> list[str]:
    times = [row.time for row in rows if row.time is not None]
    if len(times) < 2:
        return [UNKNOWN, UNKNOWN]
    good = [one.chips for one in times if one.efficiency(times[0]) >= GOOD_EFFICIENCY]
    last = rows[-1]
    dominated = chips_where_exchange_dominates(last.case, last.compiled, scaling=scaling)
    compiled = {one.chips for one in times}
    text = "none" if dominated is None else str(dominated)
    if dominated is not None and dominated not in compiled:
        text += " (continued)"
    return [str(max(good)), text]


def _curves(results: ScalingResults) -> list[str]:
    text = []
    for scaling in results.request.scalings:
        text += [f"## {SCALING_TITLES[scaling]}"]
        programs, times = [], []
        for chip in results.request.slices:
            for precision in results.request.precisions:
                rows = results.find(results.request.cases(scaling, chip, precision))
                first = next((row.time for row in rows if row.time is not None), None)
                programs += [_program(row) for row in rows]
                times += [_time(row, first, results) for row in rows]
        text += [
            "What the compiler says, for one chip and step:",
            markdown_grid(PROGRAM_HEADS, programs),
            "Times at the published peaks:",
            markdown_grid(TIME_HEADS, times),
        ]
    return text


PROGRAM_HEADS = (
    *("chip", "precision", "chips", "images per chip", "memory, GiB", "TFLOP"),
    *("counted TFLOP", "counted ÷ compiler", "traffic, GB", "exchanges", "exchanged, MB"),
)
TIME_HEADS = (
    *("chip", "precision", "chips", "images per step", "operations, ms", "memory, ms"),
    *("exchange, ms", "step, ms", "step, exchange hidden, ms", "images per second"),
    *("efficiency", "epoch", "run"),
)


def _program(row: Row) -> list[str]:
    case, compiled = row.case, row.compiled
    start = [case.chip, case.precision, str(case.chips), str(case.images_per_chip)]
    if compiled.status != COMPILED:
        return [*start, compiled.message, *[UNKNOWN] * (len(PROGRAM_HEADS) - 5)]
    limit = find_chip_by_name(case.chip).memory_bytes
    return [
        *start,
        f"{gigabytes(compiled.needed_bytes)} of {gigabytes(limit)}",
        f"{compiled.flops / 1e12:.3f}",
        f"{compiled.counted_flops / 1e12:.3f}",
        f"{compiled.counted_flops / compiled.flops:.3f}",
        f"{compiled.bytes_accessed / 1e9:.1f}",
        str(sum(one.count for one in compiled.collectives)),
        f"{sum(one.bytes for one in compiled.collectives) / 1e6:.1f}",
    ]


def _time(row: Row, first: Estimate | None, results: ScalingResults) -> list[str]:
    case, time = row.case, row.time
    start = [case.chip, case.precision, str(case.chips), str(case.images)]
    if time is None or first is None:
        return [*start, *[UNKNOWN] * (len(TIME_HEADS) - 4)]
    epoch_s = time.epoch_s(results.training_images)
    return [
        *start,
        milliseconds(time.compute_s),
        milliseconds(time.memory_s),
        milliseconds(time.exchange_s),
        milliseconds(time.step_s),
        milliseconds(time.overlapped_s),
        f"{time.images_per_s:,.0f}",
        f"{100 * time.efficiency(first):.0f} %",
        UNKNOWN if epoch_s is None else duration(epoch_s),
        UNKNOWN if epoch_s is None else duration(epoch_s * results.epochs),
    ]


def _switches(results: ScalingResults) -> list[str]:
    rows = results.find(switch_cases(results.request))
    if len(rows) < 2:
        return []
    base = rows[0].compiled
    lines = []
    for row in rows:
        case, compiled = row.case, row.compiled
        start = [case.precision, case.rematerialization, str(case.accumulation_steps)]
        if compiled.status != COMPILED or row.time is None:
            lines.append([*start, compiled.message, *[UNKNOWN] * 6])
            continue
        known = base.status == COMPILED
        lines.append(
            [
                *start,
                gigabytes(compiled.needed_bytes),
                f"{compiled.needed_bytes / base.needed_bytes:.2f}" if known else UNKNOWN,
                f"{compiled.flops / 1e12:.3f}",
                f"{compiled.counted_flops / 1e12:.3f}",
                f"{compiled.bytes_accessed / 1e9:.1f}",
                milliseconds(row.time.compute_s),
                milliseconds(row.time.memory_s),
            ]
        )
    heads = (
        *("precision", "rematerialization", "accumulation steps", "memory, GiB", "relative"),
        *("TFLOP", "counted TFLOP", "traffic, GB", "operations, ms", "memory, ms"),
    )
    case = rows[0].case
    return [
        "## What each switch changes",
        f"One chip of {case.chip}, {case.images} images per step. The compiler counts the body of "
        "a loop once, so that its TFLOP and traffic of a step with accumulation, where that is a "
        "loop, are those of a part; the independent count and the memory are those of the step.",
        markdown_grid(heads, lines),
    ]


def _batches(results: ScalingResults) -> list[str]:
    lines = [
        [
            *(chip, precision, str(largest.case.images)),
            gigabytes(largest.compiled.needed_bytes),
            gigabytes(find_chip_by_name(chip).memory_bytes),
            f"{largest.compiled.flops / 1e12:.3f}",
            f"{largest.compiled.counted_flops / 1e12:.3f}",
            UNKNOWN if refused is None else f"{refused.case.images}: {refused.compiled.message}",
        ]
        for (chip, precision), (largest, refused) in largest_batches(results.rows).items()
    ]
    heads = (
        *("chip", "precision", "images", "memory, GiB", "of, GiB", "TFLOP", "counted TFLOP"),
        "smallest that doesn't fit",
    )
    text = (
        "Compiled, not estimated. Where the memory is short, the compiler computes activations "
        "again instead of keeping them: its operations are then more than the count."
    )
    return (
        ["## The largest batch that fits one chip", text, markdown_grid(heads, lines)]
        if lines
        else []
    )


def _lowered(results: ScalingResults) -> list[str]:
    lines = []
    for one in results.lowered:
        chip = find_chip_by_name(one.case.chip)
        seconds = one.counted_flops / chip.peak_flops(one.case.precision)
        lines.append(
            [
                *(one.case.chip, chip.platform, one.case.precision, str(one.case.images)),
                f"yes, {one.operations:,} operations",
                f"{one.counted_flops / 1e12:.3f}",
                megabytes(one.state_bytes),
                milliseconds(seconds),
                f"{one.case.images / seconds:,.0f}",
            ]
        )
    heads = (
        *("card", "platform", "precision", "images", "lowers", "counted TFLOP"),
        *("state, MiB", "operations, ms", "images per second, at most"),
    )
    return [
        "## GPUs",
        "The same step, lowered for one GPU. Its compiler needs the GPU: traffic, memory of the "
        "activations, fusions and speed are not known here, so that the rate is a bound from the "
        "operations alone. Steps of this network wait for the memory, not for the operations, and "
        "stay far below it.",
        markdown_grid(heads, lines),
    ]


def _problems(results: ScalingResults) -> list[str]:
    lines = [
        f"- {row.case.describe()}: {row.compiled.message}"
        for row in results.rows
        if row.compiled.status not in (COMPILED, "pending")
    ]
    return ["## Not compiled", "\n".join(lines)] if lines else []
