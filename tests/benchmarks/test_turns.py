from __future__ import annotations

from benchmarks.sides import Case
from benchmarks.turns import Schedule, run_turns


def test_sides_take_turns_in_processes_of_their_own():
    steps: list[str] = []
    timings = run_turns(
        ("matrix product",),
        Case("train", 71, 1),
        schedule=Schedule(turns=2, steps=1, seconds=0.0),
        environment={},
        advance=steps.append,
    )
    timing = timings["matrix product"]
    assert len(timing.turns) == 2
    assert min(timing.turns) > 0
    assert timing.peak_bytes > 2**20
    assert steps == [f"matrix product: {name}" for name in ("first step", "turn 1", "turn 2")]
