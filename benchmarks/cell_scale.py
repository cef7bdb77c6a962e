"""Measure how well the scale of a cell is known, from its longest chromosome and from all lengths.

The scale that the true classes tell is the truth: the median, over the chromosomes of a cell, of
their length divided by that of their class. Writes `cell_scale.md`.

Example:
  python benchmarks/cell_scale.py --data_sets=gband,own --own_folder=runs/tseng_cells
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from configs.stripnet import get_config
from superxception_jax.commands import run_guarded
from superxception_jax.data.normalization.cell_scale import class_lengths, estimate_reference_px
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.files import write_text
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.split.split_data import load_everything

FEWEST_IMAGES = 8  # of a cell whose scale is known well enough to compare with


def errors_of_cells(images: Chromosomes) -> dict[str, np.ndarray]:
    """Return the logarithm of estimated / true scale of each cell, by the way of estimating."""
    ways = ("longest", "all lengths", "all lengths and classes")
    found: dict[str, list[float]] = {way: [] for way in ways}
    for cell in dict.fromkeys(images.cells.tolist()):
        members = images.cells == cell
        if members.sum() < FEWEST_IMAGES:
            continue
        lengths = images.lengths_px[members].astype(np.float64)
        labels = images.labels[members]
        truth = np.median(np.log(lengths / class_lengths()[labels]))
        known = np.eye(len(class_lengths()))[labels]
        found["longest"].append(np.log(lengths.max()) - truth)
        found["all lengths"].append(np.log(estimate_reference_px(lengths)) - truth)
        found["all lengths and classes"].append(
            np.log(estimate_reference_px(lengths, classes=known)) - truth
        )
    return {name: np.array(values) for name, values in found.items()}


def main() -> None:
    """Measure the scales of all cells of some data sets."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data_sets", default="gband,own")
    parser.add_argument("--own_folder", default="runs/tseng_cells")
    parser.add_argument("--data_dir", default="data")
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    config = get_config("laboratories").unlock()
    config.data.dataset, config.data.data_dir = arguments.data_sets, arguments.data_dir
    config.data.own_folder, config.data.own_polarity = arguments.own_folder, "any"
    everything = load_everything(build_experiment(config.lock()))
    lines = []
    for source in dict.fromkeys(everything.sources.tolist()):
        images = everything.take(everything.sources == source)
        for name, errors in errors_of_cells(images).items():
            sizes = np.abs(errors)
            lines.append(
                [
                    f"`{source}`",
                    f"{len(errors):,}",
                    name,
                    f"{100 * np.sqrt(np.mean(errors**2)):.1f}",
                    f"{100 * np.median(sizes):.1f}",
                    f"{100 * np.quantile(sizes, 0.95):.1f}",
                    f"{100 * errors.mean():+.1f}",
                ]
            )
    heads = ["data set", "cells", "scale from", "root mean square, %", "median, %"]
    heads += ["95th percentile, %", "bias, %"]
    page = "\n".join(
        [
            "# The scale of a cell",
            "",
            "Error of the length of chromosome 1, to which all lengths are relative, in per cent "
            "(of its logarithm). The truth is what the true classes tell; the last way is told "
            "them as well and shows what is left where all classes are read correctly. `own` are "
            "the cut-outs of another laboratory, a median of half of each cell.",
            "",
            markdown_grid(heads, lines),
            "",
            "```sh",
            f"python benchmarks/cell_scale.py --data_sets={arguments.data_sets} "
            f"--own_folder={arguments.own_folder}",
            "```",
            "",
            f"Commit `{describe_provenance().commit or 'unknown'}`.",
            "",
        ]
    )
    write_text(arguments.out / "cell_scale.md", page)
    print(page)


if __name__ == "__main__":
    run_guarded(main)
