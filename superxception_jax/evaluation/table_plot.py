"""The picture of a table of networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

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


def plot_table(table: Mapping[str, Any]) -> Figure:
    """Draw the accuracy of every row: seeds, mean and interval, and the paper's own number.

    Args:
        table: see `superxception_jax.evaluation.table.build_table`.

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
