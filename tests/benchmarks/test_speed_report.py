from __future__ import annotations

import pytest

from benchmarks import report
from benchmarks.sides import MATRIX, Case
from benchmarks.turns import Schedule, run_turns


def _timing(side, turns, *, parameters=7, first=9.0, peak=2**30):
    return {
        "side": side,
        "turns": turns,
        "parameters": parameters,
        "first_step_seconds": first,
        "peak_bytes": peak,
    }


def _round(number, *timings):
    environment = {"commit": f"c{number}", "python": "3", "versions": {"jax": "0"}}
    return {
        "case": "train 71 px, batch 32",
        "round": number,
        "operations": 4 * MATRIX**3,
        "timings": timings,
        "environment": environment,
    }


ROUNDS = (
    _round(
        0,
        _timing("ours", [2.0, 4.0, 3.0], first=40.0, peak=3 * 2**30),
        _timing("torch", [6.0, 3.0, 9.0]),
        _timing("matrix product", [1.0, 0.5], parameters=0),
    ),
    # The machine is twice as slow in this round: ratios within a round don't see it.
    _round(
        1,
        _timing("ours", [6.0], first=8.0),
        _timing("torch", [6.0]),
        _timing("matrix product", [1.0], parameters=0),
    ),
)


def test_rows_by_hand():
    ours, torch = report.summarize(ROUNDS)
    assert (ours["side"], torch["side"]) == ("ours", "torch")
    assert ours["ratio"] == 1.5  # between 6 : 3 in the first round and 6 : 6 in the second
    assert torch["ratio"] == 1.0
    assert ours["seconds"] == 3.5
    assert ours["gflops"] == pytest.approx(2 * MATRIX**3 / 0.5 / 1e9)
    assert ours["rate"] == pytest.approx(1 / 3.5)  # two products of 0.5 s in 3.5 s
    assert (ours["cold"], ours["warm"]) == (40.0, 8.0)
    assert (ours["cold_peak"], ours["warm_peak"]) == (3.0, 1.0)


def test_report_replaces_only_what_was_measured(tmp_path):
    path = tmp_path / "performance.md"
    path.write_text(f"above\n{report.BEGIN}\nout of date\n{report.END}\nbelow\n", encoding="utf-8")
    text = report.write_report(ROUNDS, path=path)
    assert "| train 71 px, batch 32 | superxception_jax | 3,500 | 1.50× | 29% | 40 / 8 s |" in text
    assert "`c0`, `c1`" in text
    page = path.read_text(encoding="utf-8")
    assert page.startswith("above\n")
    assert page.endswith("below\n")
    assert "out of date" not in page
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    path.write_text("no place for it", encoding="utf-8")
    with pytest.raises(ValueError, match="must hold the lines"):
        report.write_report(ROUNDS, path=path)


def test_different_networks_are_refused():
    rounds = [_round(0, _timing("ours", [1.0]), _timing("torch", [1.0], parameters=8))]
    with pytest.raises(ValueError, match=r"same parameters, got \[7, 8\]"):
        report.check_parameters(report.summarize(rounds))


def test_sides_take_turns_in_processes_of_their_own():
    steps = []
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
