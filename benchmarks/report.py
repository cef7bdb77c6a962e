"""Turn measurements into tables and a chart."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.sides import MATRIX

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
GIB = 2**30


def summarize(rounds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Reduce the rounds to one row for each case and side.

    Args:
        rounds: as `speed.py` stores them.

    Returns:
        Rows with `case`, `side`, `seconds` (median of the turns' medians), `ratio` (of
        PyTorch's time to this side's: the median over the rounds, each within itself),
        `rate` (share of `gflops`, the machine's matrix-product rate), `cold` and `warm`
        (seconds to the first step without and with compilation caches), `cold_peak` and
        `warm_peak` (GiB), and `parameters`.
    """
    rows = []
    for case in dict.fromkeys(one["case"] for one in rounds):
        members = [one for one in rounds if one["case"] == case]
        by_side: dict[str, list[dict]] = {}
        for one in members:
            for timing in one["timings"]:
                by_side.setdefault(timing["side"], []).append({**timing, "round": one["round"]})
        machine = [t for one in by_side.get(MACHINE, []) for t in one["turns"]]
        peak_rate = 2 * MATRIX**3 / min(machine) if machine else float("nan")
        for side, timings in by_side.items():
            if side == MACHINE:
                continue
            seconds = statistics.median(t for one in timings for t in one["turns"])
            rows.append(
                {
                    "case": case,
                    "side": side,
                    "seconds": seconds,
                    "ratio": _ratio(timings, by_side.get(REFERENCE, [])),
                    "rate": members[0]["operations"] / seconds / peak_rate,
                    "gflops": peak_rate / 1e9,
                    "cold": timings[0]["first_step_seconds"],
                    "warm": timings[-1]["first_step_seconds"],
                    "cold_peak": timings[0]["peak_bytes"] / GIB,
                    "warm_peak": timings[-1]["peak_bytes"] / GIB,
                    "parameters": timings[0]["parameters"],
                }
            )
    return rows


def _ratio(timings: Sequence[Mapping], references: Sequence[Mapping]) -> float:
    by_round = {one["round"]: statistics.median(one["turns"]) for one in references}
    ratios = [
        by_round[one["round"]] / statistics.median(one["turns"])
        for one in timings
        if one["round"] in by_round
    ]
    return statistics.median(ratios) if ratios else float("nan")


def make_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write the rows as a Markdown table."""
    lines = [
        "| case | program | ms a step | throughput against PyTorch eager "
        "| share of the matrix rate | first step cold / warm | peak memory cold / warm |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        lines.append(
            f"| {row['case']} | {LABELS[row['side']]} | {row['seconds'] * 1e3:,.0f} "
            f"| {row['ratio']:.2f}× | {row['rate']:.0%} | {row['cold']:.0f} / {row['warm']:.0f} s "
            f"| {row['cold_peak']:.2f} / {row['warm_peak']:.2f} GiB |"
        )
    return "\n".join(lines)


def check_parameters(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say that all sides train the same number of parameters.

    Raises:
        ValueError: they don't.
    """
    counts = {row["parameters"] for row in rows}
    if len(counts) != 1:
        raise ValueError(f"the networks must have the same parameters, got {sorted(counts)}.")
    return f"All programs: {counts.pop():,} trainable parameters, float32, Adam 1e-4."


def draw_chart(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the throughput of every side against PyTorch eager."""
    cases = list(dict.fromkeys(row["case"] for row in rows))
    sides = [side for side in LABELS if any(row["side"] == side for row in rows)]
    figure = Figure(figsize=(9, 1.2 + 0.75 * len(cases)), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(sides)
    for index, side in enumerate(sides):
        ratios = {row["case"]: row["ratio"] for row in rows if row["side"] == side}
        places = [number + index * height for number, case in enumerate(cases) if case in ratios]
        values = [ratios[case] for case in cases if case in ratios]
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
    """Replace the measured part of a Markdown file, and draw the chart beside it.

    Args:
        rounds: as `speed.py` stores them.
        path: of the file; written anew if it doesn't exist.

    Returns:
        The measured part.

    Raises:
        ValueError: the file lacks the markers of the measured part.
    """
    rows = summarize(rounds)
    environment = rounds[-1]["environment"]
    rate = max(row["gflops"] for row in rows)
    commits = sorted({one["environment"]["commit"] for one in rounds})
    text = "\n\n".join(
        (
            make_table(rows),
            f"{check_parameters(rows)} The machine multiplies {MATRIX}-wide matrices at up to "
            f"{rate:.0f} GFLOP/s. Commit {', '.join(f'`{commit}`' for commit in commits)}, jax "
            f"{environment['versions']['jax']}, Python {environment['python']}.",
            f"![throughput against PyTorch]({path.stem}.png)",
        )
    )
    page = path.read_text(encoding="utf-8") if path.exists() else f"{BEGIN}\n{END}\n"
    if BEGIN not in page or END not in page:
        raise ValueError(f"`{path}` must hold the lines `{BEGIN}` and `{END}`; add them.")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    FigureCanvasAgg(figure := draw_chart(rows))
    figure.savefig(path.with_suffix(".png"), dpi=120)
    return text
