"""Markdown and figure of how well a network classifies damaged cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from matplotlib.figure import Figure

from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.studies.condition import UNITS, ConditionResult, RobustnessResults

UNKNOWN = "–"
HEADS = (
    *("condition", "level", "cells", "images", "single image, %", "assigned, %"),
    *("fully correct cells, %", "orientation correct, %", "images not read"),
)


def robustness_markdown(results: RobustnessResults) -> str:
    """Write the results as Markdown.

    Args:
        results: Pooled results of all networks.

    Returns:
        Markdown.
    """
    lines = [_line(one) for one in results.own]
    text = [
        f"# Robustness `{results.name}`",
        f"Cells of `{results.dataset}` that the network has not seen, damaged when their "
        "background is black or white and karyotyped as by `launch/karyotype.py`. Single image: "
        "most probable class of each image; assigned: class after the assignment of the whole "
        "cell. Images in which no chromosome is found, or that are set aside, are not read and "
        "count as wrong.",
    ]
    if results.networks > 1:
        text += [
            f"The counts of {results.networks} networks are added up: a cell counts once for each "
            "network that karyotyped it."
        ]
    if any(one.correct_polarity is None for one in results.own):
        text += [
            f"{UNKNOWN}: the network takes every image as upright and doesn't predict its "
            "orientation, or nobody knows which end of these images is up."
        ]
    if len(lines) > 1:
        text += [f"![Accuracy under damage]({results.name}.png)"]
    text += [markdown_grid(HEADS, lines)]
    if results.foreign:
        text += [
            "## Cells of another laboratory and stain",
            "The same networks without further training; light backgrounds are inverted. Cells on "
            "which a network was trained that these networks started from are left out.",
            markdown_grid(
                ("data set", *HEADS[2:]),
                [[name, *_numbers(one)] for name, one in results.foreign.items()],
            ),
        ]
    text += [
        "## Reproduce",
        f"```sh\n{results.provenance.command}\n```",
        f"Commit `{results.provenance.commit}`.",
    ]
    return "\n\n".join(text) + "\n"


def plot_robustness(results: Sequence[ConditionResult]) -> Figure:
    """Draw accuracy against the level of each kind of damage.

    Args:
        results: Pooled results, the undamaged cells first.

    Returns:
        The figure: one panel per kind of damage, single images and assigned cells.
    """
    undamaged, *others = results
    kinds = list(dict.fromkeys(one.kind for one in others))
    columns = min(4, len(kinds))
    rows = -(-len(kinds) // columns)
    figure = Figure(figsize=(3 * columns, 2.6 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for place, (panel, kind) in enumerate(zip(panels, kinds, strict=False)):
        # A gain of 1 changes nothing; for all other kinds it is 0 that changes nothing.
        start = dataclasses.replace(undamaged, level=1.0 if kind == "gain" else 0.0)
        shown = [start, *(one for one in others if one.kind == kind)]
        shown.sort(key=lambda one: one.level)
        levels = [one.level for one in shown]
        for name, marker, counts in (
            ("single image", "o", [one.correct_single for one in shown]),
            ("assigned", "s", [one.correct_assigned for one in shown]),
        ):
            shares = [100 * n / one.images for n, one in zip(counts, shown, strict=True)]
            panel.plot(levels, shares, marker=marker, label=None if place else name)
        panel.set(title=kind, xlabel=UNITS[kind])
        panel.grid(alpha=0.3)
    for panel in panels[len(kinds) :]:
        panel.set_axis_off()
    panels[0].set_ylabel("correct, %")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _line(one: ConditionResult) -> list[str]:
    level = f"{one.level:g} ({UNITS[one.kind]})" if one.kind in UNITS else UNKNOWN
    return [one.kind, level, *_numbers(one)]


def _numbers(one: ConditionResult) -> list[str]:
    polarity = one.correct_polarity
    return [
        str(one.cells),
        f"{one.images:,}",
        f"{100 * one.correct_single / one.images:.2f}",
        f"{100 * one.correct_assigned / one.images:.2f}",
        f"{100 * one.correct_cells / one.cells:.1f}",
        UNKNOWN if polarity is None else f"{100 * polarity / one.images:.2f}",
        str(one.unread),
    ]
