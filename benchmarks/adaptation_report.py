"""The page of `adaptation.py`: what a laboratory gains with some of its own cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.page import made_by
from superxception_jax.evaluation.markdown import markdown_grid


def describe(rows: Sequence[dict[str, Any]], *, laboratory: str, command: str, commit: str) -> str:
    """Return the page."""
    others = [name for name in rows[0]["draws"][0] if isinstance(rows[0]["draws"][0][name], dict)]
    others.remove(laboratory)
    heads = [
        "cells with labels",
        "cells without",
        "draws",
        "images",
        "single images, %",
        "assigned, %",
        "errors after it, % of before",
    ]
    heads += [f"`{name}`, assigned, %" for name in others]
    heads += ["start kept", "seconds"]
    lines = []
    before = 1 - rows[0]["draws"][0][laboratory]["assigned"]
    for row in rows:
        draws = row["draws"]
        single, assigned = (
            [one[laboratory][kind] for one in draws] for kind in ("single", "assigned")
        )
        lines.append(
            [
                str(row["cells"]),
                str(row["unlabelled"]),
                str(len(draws)),
                f"{np.mean([one['images'] for one in draws]):.0f}",
                _range(single),
                _range(assigned),
                f"{100 * (1 - np.mean(assigned)) / before:.0f}",
                *(_range([one[name]["assigned"] for one in draws]) for name in others),
                f"{sum(one['kept_start'] for one in draws)} of {len(draws)}"
                if row["cells"]
                else "",
                f"{np.median([one['seconds'] for one in draws]):.0f}" if row["cells"] else "",
            ]
        )
    return "\n".join(
        [
            "# Adaptation to a laboratory",
            "",
            "A network that never saw a laboratory is adapted to some of its cells by "
            "`configs/stripnet.py:adapt`, and tested on other cases of it: mean, and lowest to "
            "highest, over draws of the cells. The first row is the start. Cells without labels "
            "train with the classes that the start assigns. The last columns are the data on "
            "which the start was trained, whether it was kept because nothing was gained, and the "
            "time of set-up, compilation and training on two cores, without that of reading the "
            "cells without labels.",
            "",
            markdown_grid(heads, lines),
            "",
            "![Accuracy against the number of cells](accuracy.png)",
            "",
            *made_by(command, commit=commit),
        ]
    )


def _range(values: Sequence[float]) -> str:
    low, mean, high = (100 * one for one in (min(values), float(np.mean(values)), max(values)))
    return f"{mean:.2f}" if len(values) == 1 else f"{mean:.2f} ({low:.2f} to {high:.2f})"


def draw_figure(rows: Sequence[dict[str, Any]], laboratory: str, path: Path) -> None:
    """Draw the accuracy against the number of cells."""
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for unlabelled in dict.fromkeys(row["unlabelled"] for row in rows):
        some = [row for row in rows if row["unlabelled"] == unlabelled]
        for kind, line in (("single", "--"), ("assigned", "-")):
            means = [100 * np.mean([one[laboratory][kind] for one in row["draws"]]) for row in some]
            axes.plot(
                [row["cells"] for row in some],
                means,
                line,
                marker="o",
                color=f"C{int(unlabelled > 0)}",
                label=f"{kind}, {unlabelled} cells without labels" if unlabelled else kind,
            )
    axes.set_xscale("symlog", linthresh=1)
    ticks = sorted({row["cells"] for row in rows})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set(xlabel="cells of the laboratory with labels", ylabel="correct chromosomes, %")
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)
