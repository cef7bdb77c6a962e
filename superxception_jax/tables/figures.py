"""The figures of a table of networks: accuracy by row, curves, and accuracy against cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from superxception_jax.evaluation.statistics import describe_units
from superxception_jax.karyotyping.karyogram.text import shorten_text
from superxception_jax.tables.row import TableRow
from superxception_jax.tables.table import Table

# Test accuracy, %, by the name of the config.
# Source: Swati, Sharma, Vig, "Automatic Classification of Low-Resolution Chromosomal Images",
# table 1.
PAPER_ACCURACY = {
    "deep_cnn": 87.50,
    "resnet50": 87.64,
    "super_alexnet": 89.30,
    "super_resnet50": 90.55,
    "xception": 91.80,
    "super_xception": 92.36,
}
# Data set and split of the paper: its accuracies can't be compared with those on other images.
PAPER_DATA = ("bioimage", "paper")
# Axis labels of the varied fields; others are labelled with their name.
FIELD_NAMES = {
    "split.training_share": "share of the training cells or images used",
    "normalization.image_px": "canvas side, px",
    "model.width_multiplier": "network width multiplier",
}
# An axis whose ends have a larger ratio is logarithmic.
LINEAR_RANGE = 5
# A logarithmic axis has room for 1, 2 and 5 in each of so many decades.
DETAILED_RANGE = 100
# With ten colours, a shape and colour of its own for each of ninety rows: colours alone repeat, and
# are not told apart by everybody.
MARKERS = "osD^v<>p*"
NAME_IN = 3.0  # width of the name of a row


def plot_table(table: Table) -> Figure:
    """Return the accuracy of every row: its seeds, mean, interval, and the paper's accuracy.

    A row with too few cells for an interval shows none.

    Args:
        table: The table.

    Returns:
        The figure, with one line per row, the first at the top.
    """
    rows = table.rows
    figure = Figure(figsize=(8, 1.9 + 0.5 * len(rows)), layout="constrained")
    axes = figure.subplots()
    given = [row for row in rows if row.accuracy_interval.ends]
    label = "mean"
    if given:
        level = f"{100 * rows[0].confidence_level:g} %"
        label += f", {level} interval over {_units(given)}"
    for place, row in enumerate(rows):
        # Only the first row is named in the legend.
        hidden = "_" if place else ""
        shown = [100 * row.accuracy, *_percent(row)]
        axes.plot(
            sorted(shown),
            [place] * len(shown),
            color="tab:blue",
            linewidth=2,
            marker="|",
            markersize=12,
            label=hidden + label,
        )
        seeds = [100 * accuracy for accuracy in row.accuracy_by_seed]
        axes.plot(seeds, [place] * len(seeds), "o", color="black", alpha=0.6, label=f"{hidden}seed")
    known = [
        (PAPER_ACCURACY[row.name], place)
        for place, row in enumerate(rows)
        if row.name in PAPER_ACCURACY and (row.dataset, row.protocol) == PAPER_DATA
    ]
    if known:
        style: dict[str, Any] = {
            "color": "tab:red",
            "fillstyle": "none",
            "markersize": 9,
            "linestyle": "none",
        }
        label = "the paper, other draw of images"
        axes.plot(*zip(*known, strict=True), marker="D", label=label, **style)
    axes.set_yticks(range(len(rows)), [_name(row.row) for row in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set(xlabel="test accuracy, %", title=_title(rows[0]))
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def plot_curves(table: Table) -> Figure:
    """Return the accuracy against the field in which the rows of each network differ.

    Args:
        table: The table, made with `vary` of a number.

    Returns:
        The figure, with one line and interval per network; dashed after the assignment of whole
        cells.
    """
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    networks = dict.fromkeys(row.row.partition("@")[0] for row in table.rows)
    for place, name in enumerate(networks):
        rows = [row for row in table.rows if row.row.partition("@")[0] == name]
        rows.sort(key=lambda row: row.varied)
        values = [row.varied for row in rows]
        colour = f"C{place}"
        axes.plot(
            values, [100 * row.accuracy for row in rows], "o-", color=colour, label=_name(name)
        )
        spans = [_percent(row) or (np.nan, np.nan) for row in rows]
        low, high = zip(*spans, strict=True)
        axes.fill_between(values, low, high, color=colour, alpha=0.15, linewidth=0)
        assigned = [100 * row.whole_cells.accuracy for row in rows if row.whole_cells]
        if len(assigned) == len(rows):
            label = _name(f"{name}, whole cells assigned")
            axes.plot(values, assigned, "s--", color=colour, label=label)
    _scale(axes, [row.varied for row in table.rows])
    axes.set(
        xlabel=FIELD_NAMES.get(table.vary, table.vary),
        ylabel="test accuracy, %",
        title=_title(table.rows[0]),
    )
    axes.grid(alpha=0.3)
    _write_literally(axes.legend(frameon=False))
    return figure


def plot_cost(table: Table) -> Figure:
    """Return the accuracy against the cost of each network: operations and training time.

    Args:
        table: The table.

    Returns:
        The figure, with two panels and a marker with its interval for each row.
    """
    rows = table.rows
    costs = {
        "multiply-accumulates per view of an image, millions": [
            row.multiply_accumulates / 1e6 for row in rows
        ],
        "training time, minutes": [row.training_seconds / 60 for row in rows],
    }
    names = [_name(row.row) for row in rows]
    lines = len("\n".join(names).splitlines())
    figure = Figure(figsize=(11, max(5, 0.6 + 0.22 * lines)), layout="constrained")
    panels = figure.subplots(1, len(costs), sharey=True)
    for axes, (label, values) in zip(panels, costs.items(), strict=True):
        for place, (row, value) in enumerate(zip(rows, values, strict=True)):
            middle = 100 * row.accuracy
            low, high = _percent(row) or (np.nan, np.nan)
            axes.errorbar(
                value,
                middle,
                yerr=[[middle - low], [high - middle]],
                fmt=MARKERS[place % len(MARKERS)],
                markerfacecolor="none",
                color=f"C{place % 10}",
                capsize=3,
                label=names[place],
            )
        _scale(axes, values)
        axes.set(xlabel=label)
        axes.grid(alpha=0.3)
    panels[0].set(ylabel="test accuracy, %")
    # Names next to the markers would overlap.
    handles, labels = panels[0].get_legend_handles_labels()
    legend = figure.legend(handles, labels, loc="outside right upper", frameon=False)
    _write_literally(legend)
    return figure


def _units(rows: Sequence[TableRow]) -> str:
    return describe_units([row.accuracy_interval for row in rows])


def _percent(row: TableRow) -> tuple[float, ...]:
    """Return the ends of the interval in percent; none if it has none."""
    return tuple(100 * end for end in row.accuracy_interval.ends or ())


def _title(row: TableRow) -> str:
    return f"{row.dataset}, split {row.protocol}, {row.images:,} test images"


def _name(text: str) -> str:
    """Return the name of a row, which may contain the value of a config, such as a folder."""
    return shorten_text(text, width_in=NAME_IN, size_points=10)


def _write_literally(legend: Legend) -> None:
    """Write the dollar signs of a legend as they are."""
    for text in legend.get_texts():
        text.set_parse_math(False)


def _scale(axes: Axes, values: Sequence[float]) -> None:
    if min(values) > 0 and max(values) > LINEAR_RANGE * min(values):
        axes.set_xscale("log")
        detailed = max(values) <= DETAILED_RANGE * min(values)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if detailed else (1.0,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
