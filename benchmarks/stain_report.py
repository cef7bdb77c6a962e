"""The tables and the figure of `stain.py`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from superxception_jax.evaluation.plots import save_figure
from superxception_jax.files import write_json, write_text
from superxception_jax.karyotyping import stain

# Shapes of the sets of a panel, because not everybody can tell ten colours apart.
MARKERS = {"known": "os", "foreign": "x+^vD*"}
NETWORKS = {"dark": "Q-band", "light": "G-band"}
BINS = ((1, 5), (6, stain.FEWEST_IMAGES - 1), (stain.FEWEST_IMAGES, 30), (31, 99))


@dataclass(frozen=True)
class Judged:
    """The judged cells of a set, whole ones and parts.

    Attributes:
        part: "development" or "test".
        name: Name of the set.
        network: Key of `NETWORKS`.
        kind: "known", "damaged" or "foreign".
        count: i64[C], images of each cell.
        whole: bool[C], whether the cell is as it is in the set.
        score: f64[C], score of each cell, also of those too small for a verdict.
        accuracy: f64[C], share of its images whose most probable class is correct.
    """

    part: str
    name: str
    network: str
    kind: str
    count: np.ndarray
    whole: np.ndarray
    score: np.ndarray
    accuracy: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """Return the values as JSON values."""
        arrays = {"score": self.score.round(4), "accuracy": self.accuracy.round(4)}
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in (vars(self) | arrays).items()
        }


def load_results(out: Path) -> list[Judged]:
    """Return the judged cells that `write_results` wrote into a folder."""
    rows = json.loads((out / "stain.json").read_text(encoding="utf-8"))["sets"]
    return [
        Judged(
            part=row["part"],
            name=row["name"],
            network=row["network"],
            kind=row["kind"],
            count=np.array(row["count"]),
            whole=np.array(row["whole"]),
            score=np.array(row["score"]),
            accuracy=np.array(row["accuracy"]),
        )
        for row in rows
    ]


def write_scores(judged: Sequence[Judged], out: Path) -> Path:
    """Write the scores of all cells, and return the file."""
    out.mkdir(parents=True, exist_ok=True)
    return write_json(out / "stain.json", {"sets": [one.to_json() for one in judged]})


def write_results(judged: Sequence[Judged], out: Path) -> list[Path]:
    """Write the scores, the figure and the tables, and return the files."""
    test, development = (
        [one for one in judged if one.part == part] for part in ("test", "development")
    )
    text = f"""\
# Is it a stain that the network knows?

A cell is foreign if its score is above 0: the mean doubt of its images, less the highest that a
known cell with as many images may have (`superxception_jax/karyotyping/stain.py`). Fewer than
{stain.FEWEST_IMAGES} chromosomes are not checked.

![Scores of the test cells](stain.png)

## Test cells

These cells chose nothing: test folds of the shipped networks (Tseng: the second laboratory of the
G-band network, incomplete cells) and half of the DAPI cells. `noise` and `blur` are damage in grey
levels and pixels. Synthetic cells with true bands are listed as foreign because neither
network was trained on drawings.

{table(test)}
### By the number of chromosomes

Cells with a score above 0 in %, and the number of cells; the first two columns are what the score
would say of cells that are too small and are therefore not checked.

{table_by_count(test)}
## Development cells

Validation cells of the shipped networks and the other DAPI cells. Such cells chose the statistic
and, for earlier networks, its constants: {stain.CERTAIN_NATS:g} nats, factor
{stain.DOUBT_FACTOR:g}, margin {stain.DOUBT_MARGIN_NATS:g} nats,
{stain.STANDARD_ERRORS:g} standard errors, at least {stain.FEWEST_IMAGES} images. The null
distribution of each network is that of its own validation cells alone.

{table(development)}
### By the number of chromosomes

{table_by_count(development)}
## Reproduce

```sh
python benchmarks/stain.py --out results
```

with the folder of the [four archives](../docs/data.md) in `SUPERXCEPTION_DATA`. Scores of all
cells: [`stain.json`](stain.json).
"""
    return [
        write_scores(judged, out),
        write_text(out / "stain.md", text),
        save_figure(draw(test), out / "stain.png"),
    ]


def table(judged: Sequence[Judged]) -> str:
    """Return the Markdown table of whole cells."""
    lines = [
        "| set | network | kind | cells | checked | foreign, % of the checked | score, median "
        "(5 % – 95 %) | single images correct, %: foreign | not foreign |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in judged:
        checked = one.whole & (one.count >= stain.FEWEST_IMAGES)
        foreign = one.score > 0
        low, middle, high = np.percentile(one.score[checked], [5, 50, 95])
        accuracies = (
            f"{100 * one.accuracy[some].mean():.0f}" if some.any() else "–"
            for some in (checked & foreign, checked & ~foreign)
        )
        lines.append(
            f"| {one.name} | {NETWORKS[one.network]} | {one.kind} | "
            f"{one.whole.sum()} | {checked.sum()} | {100 * foreign[checked].mean():.1f} | "
            f"{middle:.1f} ({low:.1f} – {high:.1f}) | {' | '.join(accuracies)} |"
        )
    return "\n".join(lines) + "\n"


def table_by_count(judged: Sequence[Judged]) -> str:
    """Return the Markdown table by number of chromosomes, of whole cells and of parts."""
    heads = " | ".join(f"{low} – {high}" if high < 99 else f"{low} +" for low, high in BINS)
    lines = [
        f"| set | network | cells | {heads} |",
        f"| --- | --- | --- | {' | '.join('---' for _ in BINS)} |",
    ]
    for one in judged:
        if one.kind == "damaged" or "synthetic" in one.name or "bands" in one.name:
            continue
        for name, kept in (("as they are", one.whole), ("random parts", ~one.whole)):
            if not kept.any():
                continue
            values = []
            for low, high in BINS:
                some = kept & (one.count >= low) & (one.count <= high)
                share = 100 * (one.score[some] > 0).sum() / max(1, int(some.sum()))
                values.append(f"{share:.1f} of {some.sum()}" if some.any() else "–")
            lines.append(
                f"| {one.name} | {NETWORKS[one.network]} | {name} | {' | '.join(values)} |"
            )
    return "\n".join(lines) + "\n"


def draw(judged: Sequence[Judged]) -> Figure:
    """Return the figure: score of each whole cell by its number of chromosomes."""
    figure = Figure(figsize=(11, 5.5), layout="constrained")
    for axes, network in zip(figure.subplots(1, 2, sharey=True), NETWORKS, strict=True):
        markers = {kind: iter(shapes) for kind, shapes in MARKERS.items()}
        for one in judged:
            if one.network == network and one.kind in markers:
                jitter = np.random.default_rng(0).uniform(-0.3, 0.3, one.whole.sum())
                axes.scatter(
                    one.count[one.whole] + jitter,
                    one.score[one.whole],
                    s=18,
                    linewidth=1,
                    marker=next(markers[one.kind]),
                    label=f"{one.name} ({one.kind})",
                )
        axes.axhline(0.0, color="black", linewidth=1)
        axes.axvspan(0, stain.FEWEST_IMAGES - 0.5, color="0.9", zorder=0)
        axes.set(xlabel="chromosomes of the cell", title=f"{NETWORKS[network]} network")
        axes.set_xlim(0, 50)
        if axes.collections:
            # Below the axes, where it hides no cell.
            axes.legend(fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    figure.axes[0].set_ylabel("score, nats (foreign above 0)")
    return figure
