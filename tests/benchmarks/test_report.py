from __future__ import annotations

import pytest
from matplotlib.patches import Rectangle

from benchmarks import report
from benchmarks.sides import MATRIX


def _timing(side, turns, *, parameters=7, first=9.0, peak=2**30):
    return {
        "side": side,
        "turns": turns,
        "parameters": parameters,
        "first_step_seconds": first,
        "peak_bytes": peak,
    }


def _round(number, *timings, case="train 71 px, batch 32"):
    environment = {"commit": f"c{number}", "python": "3", "versions": {"jax": "0"}}
    return {
        "case": case,
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
    # The machine is half as fast in this round; ratios within a round don't change.
    _round(
        1,
        _timing("ours", [6.0], first=8.0),
        _timing("torch", [6.0]),
        _timing("matrix product", [1.0], parameters=0),
    ),
)


def test_rows_by_hand():
    ours, torch = report.summarize(ROUNDS)
    assert (ours.side, torch.side) == ("ours", "torch")
    assert ours.ratio == 1.5  # between 6 : 3 in the first round and 6 : 6 in the second
    assert torch.ratio == 1.0
    assert ours.seconds == 3.5
    assert ours.peak_rate == pytest.approx(2 * MATRIX**3 / 0.5)
    assert ours.rate == pytest.approx(1 / 3.5)  # two products of 0.5 s in 3.5 s
    assert (ours.cold, ours.warm) == (40.0, 8.0)
    assert (ours.cold_peak, ours.warm_peak) == (3.0, 1.0)


OURS = _timing("ours", [2.0], first=40.0, peak=3 * 2**30)
TORCH = _timing("torch", [3.0])
PRODUCT = _timing("matrix product", [1.0], parameters=0)


@pytest.mark.parametrize(
    ("timings", "left_out"),
    [
        ((OURS, TORCH, PRODUCT), ()),
        ((OURS, TORCH), ("share of the matrix rate",)),
        ((OURS, PRODUCT), ("throughput relative to PyTorch eager",)),
        ((OURS,), ("share of the matrix rate", "throughput relative to PyTorch eager")),
    ],
)
def test_columns_of_sides_that_were_not_measured_are_left_out(timings, left_out, tmp_path):
    path = tmp_path / "performance.md"
    text = report.write_report([_round(0, *timings)], path=path)
    heads = text.splitlines()[0].strip("| ").split(" | ")
    assert heads == [
        head
        for head in (
            "case",
            "program",
            "ms per step",
            "throughput relative to PyTorch eager",
            "share of the matrix rate",
            "first step cold / warm",
            "peak memory cold / warm",
        )
        if head not in left_out
    ]
    assert ("GFLOP/s" in text) == (PRODUCT in timings)
    assert path.with_suffix(".png").exists() == (".png" in text) == (TORCH in timings)
    assert "Keras" not in text
    assert "nan" not in text.lower()


def test_values_that_were_not_measured_are_absent():
    rounds = [
        _round(0, OURS, TORCH, PRODUCT),
        _round(0, OURS, case="predict 96 px, batch 1"),
        _round(1, OURS, case="predict 96 px, batch 1"),
    ]
    table = report.make_table(report.summarize(rounds)).splitlines()
    assert table[2:] == [
        "| train 71 px, batch 32 | superxception_jax | 2,000 | 1.50× | 100% | 40 / – s "
        "| 3.00 / – GiB |",
        "| train 71 px, batch 32 | PyTorch, eager | 3,000 | 1.00× | 67% | 9 / – s | 1.00 / – GiB |",
        "| predict 96 px, batch 1 | superxception_jax | 2,000 | – | – | 40 / 40 s "
        "| 3.00 / 3.00 GiB |",
    ]
    # The chart compares only the case in which PyTorch was measured.
    axes = report.draw_chart(report.summarize(rounds)).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["train 71 px, batch 32"]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [bar.get_width() for bar in bars] == [1.5, 1.0]


def test_the_matrix_product_alone_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must name a program besides `matrix product`, got none"):
        report.write_report([_round(0, PRODUCT)], path=tmp_path / "performance.md")


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
    with pytest.raises(ValueError, match=r"same number of parameters, got \[7, 8\]"):
        report.check_parameters(report.summarize(rounds))
