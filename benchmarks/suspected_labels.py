"""List the labels of a data set that are suspected to be slips, and what they cost its networks.

An exchange counts if every given network sees it. Name the network in question first, and then
networks that know as little as possible of the labels, such as one that was trained without them.
A network is a run, or the first row of a table, with all its folds. The option can be repeated for
other data sets. Writes `suspected_labels.md`, and a JSON file of the same name with the names of
the images.

Example:
  python benchmarks/suspected_labels.py --runs=gband:results/gband_reader,results/aneuploidy
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.exchanges import ExchangedImage, TestedImages, find_exchanges
from benchmarks.page import made_by
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.commands import run_guarded
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.evaluation.predictions import load_predictions
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.workdir import load_config
from superxception_jax.tables.finished_run import pool_folds
from superxception_jax.tables.table_folder import load_table
from superxception_jax.tables.table_page import VALUES_FILE

HEADS = ["data set", "network", "images", "not as labelled", "of them in exchanges"]
HEADS += ["as labelled, %", "without these images, %", "cells all as labelled, %"]
HEADS += ["without these images, %"]


def load_tested(folder: Path, name: str) -> TestedImages:
    """Return what a run or the first row of a table made of the test images of one data set.

    Names of images and cells are those within the data set.

    Raises:
        FileNotFoundError: The run has no predictions.
        ValueError: The data set was not tested there.
    """
    tested, predictions = _load(folder)
    if tested == name:
        return predictions
    # Only the names of a test on several data sets begin with them.
    some = np.char.startswith(predictions.names, f"{name}/")
    if "," not in tested or not some.any():
        raise ValueError(
            f"`--runs` must name a data set that {folder} tested ({tested}), got {name}."
        )
    columns: dict[str, Any] = {
        field: None if array is None else array[some] for field, array in vars(predictions).items()
    }
    columns |= {part: _without(columns[part], f"{name}/") for part in ("names", "cells")}
    return dataclasses.replace(predictions, **columns)


def _load(folder: Path) -> tuple[str, TestedImages]:
    """Return the data sets that were tested, with commas, and the predictions."""
    if not (folder / VALUES_FILE).is_file():
        return load_config(folder).data.dataset, load_predictions(folder / "predictions.npz")
    runs = load_table(folder).runs
    first = [one for one in runs if one.row == runs[0].row]
    return first[0].config["data"]["dataset"], pool_folds(first)


def _without(names: np.ndarray, prefix: str) -> np.ndarray:
    return np.array([name.removeprefix(prefix) for name in names.tolist()])


def count(
    predictions: TestedImages, exchanges: Mapping[str, Sequence[ExchangedImage]]
) -> tuple[int, int, list[str]]:
    """Return how many images are not as labelled, how many of them exchanged, and four shares."""
    assert predictions.assigned is not None
    right = predictions.assigned == predictions.labels
    exchanged = np.zeros(len(right), bool)
    exchanged[[one.index for images in exchanges.values() for one in images]] = True
    cells = np.unique(predictions.cells)

    def full(kept: np.ndarray) -> float:
        return 100 * np.mean([right[kept & (predictions.cells == cell)].all() for cell in cells])

    shares = [
        f"{100 * right.mean():.2f}",
        f"{100 * right[~exchanged].mean():.2f}",
        f"{full(np.ones(len(right), bool)):.1f}",
        f"{full(~exchanged):.1f}",
    ]
    return int((~right).sum()), int((exchanged & ~right).sum()), shares


def list_exchanges(
    name: str, predictions: TestedImages, found: Mapping[str, Sequence[ExchangedImage]], runs: int
) -> list[list[str]]:
    """Return a row for each cell with an exchange."""
    return [
        [
            f"`{name}`",
            cell,
            ", ".join(
                f"{predictions.names[one.index].split('/')[-1]}: {CLASS_NAMES[one.label]} → "
                f"{CLASS_NAMES[one.assigned]}"
                for one in images
            ),
            ", ".join(str(one.by_itself) for one in images) + f" of {runs}",
        ]
        for cell, images in found.items()
    ]


def main() -> None:
    """List the exchanges of all data sets and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--runs",
        action="append",
        required=True,
        help="Data set, and its runs and tables: NAME:FOLDER,FOLDER.",
    )
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    totals, rows = [], []
    names: dict[str, list[str]] = {}
    for text in arguments.runs:
        name, _, listed = text.partition(":")
        folders = [Path(one) for one in listed.split(",")]
        predictions = [load_tested(one, name) for one in folders]
        found = find_exchanges(predictions)
        for folder, one in zip(folders, predictions, strict=True):
            wrong, exchanged, shares = count(one, found)
            images = f"{len(one.labels):,}"
            totals.append([f"`{name}`", f"`{folder}`", images, str(wrong), str(exchanged), *shares])
        rows += list_exchanges(name, predictions[0], found, len(folders))
        names[name] = [
            str(predictions[0].names[one.index]) for images in found.values() for one in images
        ]
    commit = describe_provenance().commit
    command = "python benchmarks/suspected_labels.py " + " ".join(
        f"--runs={text}" for text in arguments.runs
    )
    page = "\n".join(
        [
            "# Suspected labels",
            "",
            "Test images that every network assigns to one other class than their label's, where "
            "the images of a cell exchange their classes among each other: a pair, or several in "
            "a circle. Networks that share the straightening can also share a mistake, so that "
            "the shares without these images are a bound and no result. The labels are used as "
            "they are.",
            "",
            markdown_grid(HEADS, totals),
            "",
            "Each cell with an exchange, and in how many of the networks' readings each of its "
            "images has the other class by itself, before the cell is assigned:",
            "",
            markdown_grid(["data set", "cell", "image: label → assigned", "by itself"], rows),
            "",
            *made_by(command, commit=commit or "unknown"),
        ]
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_text(arguments.out / "suspected_labels.md", page)
    write_json(arguments.out / "suspected_labels.json", {"names": names, "commit": commit})
    print(page)


if __name__ == "__main__":
    run_guarded(main)
