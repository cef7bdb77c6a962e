"""Measure what it gains to read a cell again at the scale that its classes tell.

Each validation cell of both G-band laboratories is karyotyped with several thresholds: it is read
again if the scale that its classes tell is further than that from the one that its lengths told.
The folder must hold gband_karyograms.zip and tseng_isolated.zip. Writes `second_reading.md`.

Example:
  python benchmarks/second_reading.py --data "$SUPERXCEPTION_DATA"
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm import tqdm

from benchmarks import stain_cells
from benchmarks.page import made_by
from superxception_jax.commands import run_guarded
from superxception_jax.data.normalization.crop import KINDS
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.files import write_text
from superxception_jax.karyotyping.cell import (
    SAME_SCALE,
    CellImages,
    Classifier,
    NamedImage,
    karyotype_prepared,
)
from superxception_jax.karyotyping.cell_images import PreparedCell, prepare_cell
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS, load_classifier

THRESHOLDS = (0.0, 0.03, SAME_SCALE, 0.2, np.inf)
LABORATORIES = {
    "first, karyograms": stain_cells.load_gband_karyograms,
    "second, cut-outs": stain_cells.load_tseng,
}


@dataclasses.dataclass
class Tally:
    """Counts over cells, of one threshold."""

    images: int = 0
    single: int = 0
    assigned: int = 0
    loss: float = 0.0
    read_again: int = 0


def prepare(cell: stain_cells.Cell, name: str, classifier: Classifier) -> PreparedCell:
    """Return a cell ready for the network, its images named by their numbers."""
    images = tuple(NamedImage(str(index), image) for index, image in enumerate(cell.images))
    settings = dict.fromkeys(KINDS, classifier.normalization)
    return prepare_cell(CellImages(name, images), background="dark", normalizations=settings)


def measure(cells: Sequence[stain_cells.Cell], classifier: Classifier) -> dict[float, Tally]:
    """Return what each threshold gives."""
    calls = []

    def predict(canvases: np.ndarray) -> np.ndarray:
        calls.append(len(canvases))
        return classifier.predict(canvases)

    counting = dataclasses.replace(classifier, predict=predict)
    tallies = {threshold: Tally() for threshold in THRESHOLDS}
    for number, cell in enumerate(tqdm(cells, unit="cell")):
        prepared = prepare(cell, str(number), classifier)
        for threshold, tally in tallies.items():
            calls.clear()
            found = karyotype_prepared(prepared, classifier=counting, same_scale=threshold)
            labels = cell.labels[[int(one.name) for one in found.chromosomes]]
            chances = np.array([one.probabilities for one in found.chromosomes])
            assigned = np.array([one.label for one in found.chromosomes])
            tally.images += len(labels)
            tally.single += int((chances.argmax(axis=1) == labels).sum())
            tally.assigned += int((assigned == labels).sum())
            tally.loss -= float(np.log(chances[np.arange(len(labels)), labels]).sum())
            tally.read_again += len(calls) - 1
    return tallies


def main() -> None:
    """Measure all thresholds on both laboratories."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SUPERXCEPTION_DATA"))
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("`--data` must be the folder of the archives; or set SUPERXCEPTION_DATA")
    classifier = load_classifier(DEFAULT_CLASSIFIERS["light"])
    rows = []
    for laboratory, load in LABORATORIES.items():
        cells = load(arguments.data, "development")
        for threshold, tally in measure(cells, classifier).items():
            rows.append(
                [
                    laboratory,
                    str(len(cells)),
                    "never" if np.isinf(threshold) else f"{threshold:g}",
                    f"{100 * tally.read_again / len(cells):.0f}",
                    f"{100 * tally.single / tally.images:.2f}",
                    f"{100 * tally.assigned / tally.images:.2f}",
                    f"{tally.loss / tally.images:.4f}",
                ]
            )
    commit = describe_provenance().commit or "unknown"
    heads = ["laboratory", "cells", "read again from", "of the cells, %", "single images, %"]
    heads += ["assigned, %", "loss"]
    page = "\n".join(
        [
            "# A second reading at the scale that the classes tell",
            "",
            "A cell is drawn at the scale that its lengths tell, and read; its classes then tell "
            "the scale better ([how much](cell_scale.md)). It is drawn and read again if the "
            "logarithm of the factor between both is at least that of a row. The program takes "
            f"{SAME_SCALE:g}. Validation cells, the included G-band network; the loss is that of "
            "the single images.",
            "",
            markdown_grid(heads, rows),
            "",
            *made_by("python benchmarks/second_reading.py", commit=commit),
        ]
    )
    write_text(arguments.out / "second_reading.md", page)
    print(page)


if __name__ == "__main__":
    run_guarded(main)
