"""What a network for whole cells is worth, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from superxception_jax.evaluation.table_markdown import markdown_grid

READINGS = {"alone": "single images", "context": "with the cell's other chromosomes"}
HEADS = [
    "run",
    "split",
    "reading",
    "strength",
    "images right, %",
    "loss",
    "assigned, %",
    "cells right, %",
]


def context_markdown(values: Mapping[str, Any]) -> str:
    """Write both readings of all runs, and their means, for readers.

    Args:
        values: `name`, `command`, `commit` and `runs`; in each `run` and by split the values of
            `superxception_jax.cell_context.context_values`.

    Returns:
        Markdown.

    Source: ours.
    """
    lines = [
        [
            run["run"],
            split,
            READINGS[reading],
            _strength(run, reading),
            *_numbers(run[split][reading]),
        ]
        for run in values["runs"]
        for split in ("validation", "test")
        for reading in READINGS
    ]
    means = [
        ["mean of the runs", split, READINGS[reading], "", *_mean(values["runs"], split, reading)]
        for split in ("validation", "test")
        for reading in READINGS
    ]
    return (
        "\n\n".join(
            (
                f"# Whole-cell context: `{values['name']}`",
                "A set transformer over the features of all chromosomes of a cell, in front of the "
                "exact assignment, beside the network alone. Temperatures, and the strength of its "
                "correction, come from the validation cells of each run.",
                markdown_grid(HEADS, [*lines, *means]),
                "## To repeat it",
                f"```sh\n{values['command']}\n```",
                f"Commit `{values['commit']}`.",
            )
        )
        + "\n"
    )


def _strength(run: Mapping[str, Any], reading: str) -> str:
    return f"{run['strength']:g}" if reading == "context" else ""


def _numbers(found: Mapping[str, Any]) -> list[str]:
    cells = found["cells"]
    return [
        f"{100 * found['accuracy']:.2f}",
        f"{found['loss']:.3f}",
        f"{100 * cells['accuracy']:.2f}",
        f"{100 * cells['entirely_right']:.1f}",
    ]


def _mean(runs: Any, split: str, reading: str) -> list[str]:
    found = [run[split][reading] for run in runs]
    cells = {
        name: float(np.mean([one["cells"][name] for one in found]))
        for name in ("accuracy", "entirely_right")
    }
    values = {name: float(np.mean([one[name] for one in found])) for name in ("accuracy", "loss")}
    return _numbers({**values, "cells": cells})
