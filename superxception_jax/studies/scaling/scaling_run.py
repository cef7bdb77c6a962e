"""The compilations of a study one after the other, as long as there is time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from superxception_jax.studies.scaling.case import COMPILED, PENDING, TOO_LARGE, Case, Compiled
from superxception_jax.studies.scaling.scaling_plan import (
    MOST_ATTEMPTS,
    ScalingRequest,
    next_size,
    plan_cases,
    size_cases,
)
from superxception_jax.studies.scaling.scaling_results import Row
from superxception_jax.training.chips import find_chip_by_name

# Share of a chip's memory that a step may take; the system keeps the rest.
USABLE_SHARE = 0.97


class Source(Protocol):
    """What gives the results of cases: `compiling.Compiler`, or a stand-in of it."""

    def stored(self, case: Case) -> Compiled:
        """Return the result of a case if it is known, and otherwise one that is pending."""

    def compile(self, case: Case) -> Compiled:
        """Compile a case and keep the result."""


def run_cases(
    request: ScalingRequest,
    *,
    source: Source,
    has_time: Callable[[], bool],
    show: Callable[[Case, int, int], None],
) -> tuple[Row, ...]:
    """Return the results of a request, compiled as long as there is time; known ones cost none.

    Args:
        request: Checked request; the largest batches are sought at the end.
        source: Compiler.
        has_time: Function that says whether another compilation may start.
        show: Called before each compilation with the case, its number and the number of all that
            are known to be needed.
    """
    cases = plan_cases(request)
    rows: dict[Case, Row] = {case: Row(case, source.stored(case)) for case in cases}

    def finish(wanted: Iterable[Case]) -> None:
        missing = [case for case in wanted if rows[case].compiled.status == PENDING]
        for number, case in enumerate(missing, 1):
            if not has_time():
                return
            show(case, number, len(missing))
            rows[case] = Row(case, source.compile(case))

    finish(cases)
    for name in request.slices:
        for precision in request.precisions:
            for _ in range(MOST_ATTEMPTS):
                case = _next(size_cases(request, name, precision)[0], rows.values())
                if case is None:
                    break
                if case not in rows:
                    rows[case] = Row(case, source.stored(case))
                finish([case])
                if rows[case].compiled.status not in (COMPILED, TOO_LARGE):
                    break
    return tuple(rows.values())


def _next(case: Case, rows: Iterable[Row]) -> Case | None:
    """Return the next size to try of all that differ from a case in their images only."""
    memory = USABLE_SHARE * find_chip_by_name(case.chip).memory_bytes
    sizes = [
        (row.case, row.compiled)
        for row in rows
        if dataclasses.replace(row.case, images=case.images) == case
    ]
    return next_size(sizes, memory_bytes=memory)


def largest_batches(rows: Sequence[Row]) -> dict[tuple[str, str], tuple[Row, Row | None]]:
    """Return the largest batch that fits one chip, and the smallest that doesn't.

    Args:
        rows: Results.

    Returns:
        Rows by name of the chip and precision, of steps without other switches.
    """
    plain = [
        row
        for row in rows
        if row.case
        == dataclasses.replace(row.case, chips=1, rematerialization="none", accumulation_steps=1)
    ]
    found: dict[tuple[str, str], tuple[Row, Row | None]] = {}
    for key in dict.fromkeys((row.case.chip, row.case.precision) for row in plain):
        own = [row for row in plain if (row.case.chip, row.case.precision) == key]
        fitting = [row for row in own if row.compiled.status == COMPILED]
        refused = [row for row in own if row.compiled.status == TOO_LARGE]
        if fitting:
            largest = max(fitting, key=lambda row: row.case.images)
            smallest = min(refused, key=lambda row: row.case.images, default=None)
            found[key] = (largest, smallest)
    return found
