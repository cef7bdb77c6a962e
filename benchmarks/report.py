"""Turn measurements into a Markdown table and a chart.

Columns that no measured program fills are left out; a missing value in a column is `ABSENT`.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.sides import MATRIX
from superxception_jax.evaluation.markdown import markdown_grid

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
REFERENCE = "torch"
MACHINE = "matrix product"
LABELS = {
    "ours": "superxception_jax",
    "torch": "PyTorch, eager",
    "torch.compile": "PyTorch, torch.compile",
    "keras": "Keras 3 on JAX",
    "plain": "plain Flax",
}
ABSENT = "–"
GIB = 2**30


@dataclass(frozen=True)
class Row:
    """The measurements of one side in one case, reduced over all rounds.

    Attributes:
        case: Name of the case.
        side: A key of `LABELS`.
        seconds: Median time per step over the turns of all rounds.
        ratio: Throughput relative to PyTorch eager, the median over the rounds of the ratio
            within a round; None where PyTorch wasn't measured.
        rate: Operations per second as a fraction of `peak_rate`; None where the matrix product
            wasn't measured.
        peak_rate: Operations per second of the matrix product, likewise.
        cold: Seconds to the end of the first step without compilation caches: in the first round.
        warm: The same with warm compilation caches: in the last round; None if there is only one.
        cold_peak: Peak memory in GiB of the first round.
        warm_peak: Peak memory in GiB of the last round, likewise.
        parameters: Number of trainable parameters.
    """

    case: str
    side: str
    seconds: float
    ratio: float | None
    rate: float | None
    peak_rate: float | None
    cold: float
    warm: float | None
    cold_peak: float
    warm_peak: float | None
    parameters: int


def summarize(rounds: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return one row per case and side.

    Args:
        rounds: Rounds as `speed.py` stores them.

    Returns:
        The rows in the order of measurement; none for the matrix product.
    """
    rows = []
    for case in dict.fromkeys(one["case"] for one in rounds):
        members = [one for one in rounds if one["case"] == case]
        by_side: dict[str, list[dict]] = {}
        for one in members:
            for timing in one["timings"]:
                by_side.setdefault(timing["side"], []).append({**timing, "round": one["round"]})
        machine = [t for one in by_side.get(MACHINE, []) for t in one["turns"]]
        peak_rate = 2 * MATRIX**3 / min(machine) if machine else None
        for side, timings in by_side.items():
            if side == MACHINE:
                continue
            seconds = statistics.median(t for one in timings for t in one["turns"])
            cold, warm = timings[0], timings[-1] if len(timings) > 1 else None
            rows.append(
                Row(
                    case=case,
                    side=side,
                    seconds=seconds,
                    ratio=_ratio(timings, by_side.get(REFERENCE, [])),
                    rate=members[0]["operations"] / seconds / peak_rate if peak_rate else None,
                    peak_rate=peak_rate,
                    cold=cold["first_step_seconds"],
                    warm=warm["first_step_seconds"] if warm else None,
                    cold_peak=cold["peak_bytes"] / GIB,
                    warm_peak=warm["peak_bytes"] / GIB if warm else None,
                    parameters=timings[0]["parameters"],
                )
            )
    return rows


def _ratio(timings: Sequence[Mapping], references: Sequence[Mapping]) -> float | None:
    by_round = {one["round"]: statistics.median(one["turns"]) for one in references}
    ratios = [
        by_round[one["round"]] / statistics.median(one["turns"])
        for one in timings
        if one["round"] in by_round
    ]
    return statistics.median(ratios) if ratios else None


def make_table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, without columns that all rows leave empty."""
    columns = {
        "case": [row.case for row in rows],
        "program": [LABELS[row.side] for row in rows],
        "ms per step": [f"{row.seconds * 1e3:,.0f}" for row in rows],
        "throughput relative to PyTorch eager": [_number(row.ratio, ".2f", "×") for row in rows],
        "share of the matrix rate": [_number(row.rate, ".0%") for row in rows],
        "first step cold / warm": [_pair(row.cold, row.warm, ".0f", "s") for row in rows],
        "peak memory cold / warm": [
            _pair(row.cold_peak, row.warm_peak, ".2f", "GiB") for row in rows
        ],
    }
    filled = {head: cells for head, cells in columns.items() if set(cells) != {ABSENT}}
    return markdown_grid(list(filled), zip(*filled.values(), strict=True))


def _number(value: float | None, form: str, unit: str = "") -> str:
    return ABSENT if value is None else f"{value:{form}}{unit}"


def _pair(cold: float, warm: float | None, form: str, unit: str) -> str:
    return f"{_number(cold, form)} / {_number(warm, form)} {unit}"


def check_parameters(rows: Sequence[Row]) -> str:
    """Return the sentence that all networks have the same number of trainable parameters.

    Args:
        rows: Rows of the table, at least one.

    Raises:
        ValueError: The numbers differ.
    """
    counts = {row.parameters for row in rows}
    if len(counts) != 1:
        raise ValueError(
            "`rounds` must be of networks with the same number of parameters, got "
            f"{sorted(counts)}; correct the network that differs and measure again."
        )
    return f"All programs: {counts.pop():,} trainable parameters, float32, Adam 1e-4."


def draw_chart(rows: Sequence[Row]) -> Figure:
    """Return a bar chart of the throughput of every side relative to PyTorch eager.

    Args:
        rows: Rows of the table, at least one of them with a ratio.
    """
    compared = {(row.side, row.case): row.ratio for row in rows if row.ratio is not None}
    cases = list(dict.fromkeys(case for _, case in compared))
    sides = [side for side in LABELS if any(side == other for other, _ in compared)]
    figure = Figure(figsize=(9, 1.2 + 0.75 * len(cases)), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(sides)
    for index, side in enumerate(sides):
        measured = [(number, case) for number, case in enumerate(cases) if (side, case) in compared]
        places = [number + index * height for number, _ in measured]
        values = [compared[side, case] for _, case in measured]
        bars = axes.barh(places, values, height, label=LABELS[side])
        axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=7)
    axes.set_yticks([number + 0.4 - height / 2 for number in range(len(cases))], cases)
    axes.invert_yaxis()
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel("images per second, PyTorch eager = 1")
    axes.margins(x=0.08)
    axes.legend(fontsize=8, loc="lower right")
    return figure


def write_report(rounds: Sequence[Mapping[str, Any]], *, path: Path) -> str:
    """Replace the measured part of a Markdown file and draw the chart next to it.

    Without measurements of PyTorch eager there is nothing to compare with, and no chart is drawn.

    Args:
        rounds: Rounds as `speed.py` stores them.
        path: Markdown file; created if it doesn't exist.

    Returns:
        The measured part as Markdown.

    Raises:
        ValueError: The file lacks the markers of the measured part, only the matrix product was
            measured, or the networks differ in their number of parameters.
    """
    rows = summarize(rounds)
    if not rows:
        raise ValueError(
            f"`--sides` must name a program besides `{MACHINE}`, got none; add one, such as `ours`."
        )
    has_ratio = any(row.ratio is not None for row in rows)
    text = "\n\n".join(
        (
            make_table(rows),
            _setting(rows, [one["environment"] for one in rounds]),
            *([f"![throughput relative to PyTorch]({path.stem}.png)"] if has_ratio else []),
        )
    )
    page = path.read_text(encoding="utf-8") if path.exists() else f"{BEGIN}\n{END}\n"
    if BEGIN not in page or END not in page:
        raise ValueError(f"`{path}` must hold the lines `{BEGIN}` and `{END}`; add them.")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    if has_ratio:
        FigureCanvasAgg(figure := draw_chart(rows))
        figure.savefig(path.with_suffix(".png"), dpi=120)
    return text


def _setting(rows: Sequence[Row], environments: Sequence[Mapping[str, Any]]) -> str:
    """Return parameters, machine and versions as sentences."""
    sentences = [check_parameters(rows)]
    rates = [row.peak_rate for row in rows if row.peak_rate is not None]
    if rates:
        sentences.append(
            f"The machine multiplies {MATRIX}-wide matrices at up to {max(rates) / 1e9:.0f} "
            "GFLOP/s."
        )
    commits = ", ".join(f"`{commit}`" for commit in sorted({one["commit"] for one in environments}))
    last = environments[-1]
    sentences.append(f"Commit {commits}, jax {last['versions']['jax']}, Python {last['python']}.")
    return " ".join(sentences)
