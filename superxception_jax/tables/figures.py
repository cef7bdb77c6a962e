"""The pictures of a table of networks: its rows, its curves, and what accuracy costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

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
# What the paper tested; a diamond beside other images would compare what can't be compared.
PAPER_DATA = ("bioimage", "paper")
# What the axis of a curve says instead of the field's name.
FIELD_NAMES = {
    "split.training_share": "share of the training cells or images that trains",
    "normalization.image_px": "side of the canvas, px",
    "model.width_multiplier": "width of the network",
}
# Beyond this ratio of the ends, an axis is logarithmic.
LINEAR_RANGE = 5
COSTS = (
    ("multiply_accumulates", 1e6, "multiply-accumulates an image, millions"),
    ("training_seconds", 60.0, "training, minutes"),
)


def plot_table(table: Mapping[str, Any]) -> Figure:
    """Draw the accuracy of every row: seeds, mean and interval, and the paper's own number.

    Args:
        table: see `superxception_jax.tables.table.build_table`.

    Returns:
        The figure: a row a line, the first at the top.
    """
    rows = table["rows"]
    figure = Figure(figsize=(8, 1.9 + 0.5 * len(rows)), layout="constrained")
    axes = figure.subplots()
    level = f"{100 * rows[0]['confidence_level']:g} %"
    for place, row in enumerate(rows):
        # A name stands once in the legend, whatever the number of rows.
        hidden = "_" if place else ""
        low, high = (100 * end for end in row["accuracy_interval"])
        axes.plot(
            [low, 100 * row["accuracy"], high],
            [place] * 3,
            color="tab:blue",
            linewidth=2,
            marker="|",
            markersize=12,
            label=f"{hidden}mean over seeds, {level} interval over cells",
        )
        seeds = [100 * accuracy for accuracy in row["accuracy_by_seed"]]
        axes.plot(seeds, [place] * len(seeds), "o", color="black", alpha=0.6, label=f"{hidden}seed")
    known = [
        (PAPER_ACCURACY[row["name"]], place)
        for place, row in enumerate(rows)
        if row["name"] in PAPER_ACCURACY and (row["dataset"], row["protocol"]) == PAPER_DATA
    ]
    if known:
        style: dict[str, Any] = {
            "color": "tab:red",
            "fillstyle": "none",
            "markersize": 9,
            "linestyle": "none",
        }
        label = "the paper's own (its own draw of images)"
        axes.plot(*zip(*known, strict=True), marker="D", label=label, **style)
    axes.set_yticks(range(len(rows)), [row["row"] for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    first = rows[0]
    axes.set(
        xlabel="test accuracy, %",
        title=f"{first['dataset']}, split {first['protocol']}, {first['images']:,} test images",
    )
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def plot_curves(table: Mapping[str, Any]) -> Figure:
    """Draw accuracy against the field in which the rows of each network differ.

    Args:
        table: see `superxception_jax.tables.table.build_table`, with `vary`.

    Returns:
        The figure: a line a network with its interval, dashed for whole cells assigned.
    """
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    networks = list(dict.fromkeys(row["name"] for row in table["rows"]))
    for place, name in enumerate(networks):
        rows = sorted(
            (row for row in table["rows"] if row["name"] == name), key=lambda row: row["varied"]
        )
        values = [row["varied"] for row in rows]
        colour = f"C{place}"
        axes.plot(values, [100 * row["accuracy"] for row in rows], "o-", color=colour, label=name)
        low, high = ([100 * row["accuracy_interval"][end] for row in rows] for end in (0, 1))
        axes.fill_between(values, low, high, color=colour, alpha=0.15, linewidth=0)
        if all(row["whole_cells"] for row in rows):
            assigned = [100 * row["whole_cells"]["accuracy"] for row in rows]
            axes.plot(values, assigned, "s--", color=colour, label=f"{name}, cells assigned")
    _scale(axes, [row["varied"] for row in table["rows"]])
    first = table["rows"][0]
    axes.set(
        xlabel=FIELD_NAMES.get(table["vary"], table["vary"]),
        ylabel="test accuracy, %",
        title=f"{first['dataset']}, split {first['protocol']}, {first['images']:,} test images",
    )
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def plot_cost(table: Mapping[str, Any]) -> Figure:
    """Draw accuracy against what a network costs: operations, and minutes of training.

    Args:
        table: see `superxception_jax.tables.table.build_table`.

    Returns:
        The figure: two panels, a dot with its interval for each row.
    """
    rows = table["rows"]
    figure = Figure(figsize=(11, 5), layout="constrained")
    panels = figure.subplots(1, len(COSTS), sharey=True)
    for axes, (name, unit, label) in zip(panels, COSTS, strict=True):
        for place, row in enumerate(rows):
            middle = 100 * row["accuracy"]
            low, high = (100 * end for end in row["accuracy_interval"])
            axes.errorbar(
                row[name] / unit,
                middle,
                yerr=[[middle - low], [high - middle]],
                fmt="o",
                color=f"C{place % 10}",
                capsize=3,
                label=row["row"],
            )
        _scale(axes, [row[name] / unit for row in rows])
        axes.set(xlabel=label)
        axes.grid(alpha=0.3)
    panels[0].set(ylabel="test accuracy, %")
    # Names beside the dots would cover one another.
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right upper", frameon=False)
    return figure


def _scale(axes: Axes, values: Sequence[float]) -> None:
    if min(values) > 0 and max(values) > LINEAR_RANGE * min(values):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
