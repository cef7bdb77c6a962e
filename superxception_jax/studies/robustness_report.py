"""Markdown and figure of how a network reads damaged cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from superxception_jax.evaluation.markdown import markdown_grid

HEADS = (
    *("condition", "level", "cells", "images", "alone, %", "assigned, %"),
    *("cells entirely right, %", "polarity right, %", "unread"),
)


def robustness_markdown(values: Mapping[str, Any], *, units: Mapping[str, str]) -> str:
    """Write what was read as Markdown.

    Args:
        values: `name`, `command`, `commit`, `data set`, `own`: pooled readings of the test cells,
            `foreign`: the reading of another data set by its name.
        units: what the level of a condition is.

    Returns:
        Markdown.
    """
    lines = [_line(one, units) for one in values["own"]]
    text = [
        f"# Robustness `{values['name']}`",
        f"Cells of `{values['data set']}` that the network has not seen, damaged before anything "
        "else is done to them, and read as `launch/karyotype.py` does. Images in which no "
        "chromosome is found count as wrong.",
    ]
    if len(lines) > 1:
        text += [f"![Accuracy under damage]({values['name']}.png)"]
    text += [markdown_grid(HEADS, lines)]
    if values["foreign"]:
        text += [
            "## Cells of another laboratory and stain",
            "The same networks, not trained further; light backgrounds are inverted.",
            markdown_grid(
                ("data set", *HEADS[2:]),
                [[name, *_numbers(one)] for name, one in values["foreign"].items()],
            ),
        ]
    text += ["## To repeat it", f"```sh\n{values['command']}\n```", f"Commit `{values['commit']}`."]
    return "\n\n".join(text) + "\n"


def plot_robustness(readings: Sequence[Mapping[str, Any]], *, units: Mapping[str, str]) -> Figure:
    """Draw accuracy against the level of each damage.

    Args:
        readings: pooled, the undamaged one first.
        units: what the level of a condition is.

    Returns:
        The figure: a panel a damage, alone and assigned.
    """
    undamaged, *others = readings
    kinds = list(dict.fromkeys(one["kind"] for one in others))
    columns = min(4, len(kinds))
    rows = -(-len(kinds) // columns)
    figure = Figure(figsize=(3 * columns, 2.6 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for place, (panel, kind) in enumerate(zip(panels, kinds, strict=False)):
        # A factor of 1 changes nothing, and so does 0 of all others.
        start = {**undamaged, "level": 1.0 if kind == "gain" else 0.0}
        shown = [start, *(one for one in others if one["kind"] == kind)]
        shown.sort(key=lambda one: one["level"])
        levels = [one["level"] for one in shown]
        for name, marker in (("alone", "o"), ("assigned", "s")):
            shares = [100 * one[name] / one["images"] for one in shown]
            panel.plot(levels, shares, marker=marker, label=None if place else name)
        panel.set(title=kind, xlabel=units[kind])
        panel.grid(alpha=0.3)
    for panel in panels[len(kinds) :]:
        panel.set_axis_off()
    panels[0].set_ylabel("right, %")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _line(one: Mapping[str, Any], units: Mapping[str, str]) -> list[str]:
    known = one["kind"] in units
    level = f"{one['level']:g} ({units[one['kind']]})" if known else "–"
    return [one["kind"], level, *_numbers(one)]


def _numbers(one: Mapping[str, Any]) -> list[str]:
    shares = (one[name] / one["images"] for name in ("alone", "assigned"))
    cells, upright = one["cells_right"] / one["cells"], one["upright_right"] / one["images"]
    return [
        str(one["cells"]),
        f"{one['images']:,}",
        *(f"{100 * share:.2f}" for share in shares),
        f"{100 * cells:.1f}",
        f"{100 * upright:.2f}",
        str(one["unread"]),
    ]
