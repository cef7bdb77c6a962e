"""Cells of few images in folders, and a network that knows nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.normalization.crop import KINDS
from superxception_jax.karyotyping.batch import BatchSettings, KaryotypedFolder, karyotype_folder
from superxception_jax.karyotyping.case.case_record import CaseSettings
from superxception_jax.karyotyping.cell import Classifier
from superxception_jax.karyotyping.folders import CellFolder
from superxception_jax.karyotyping.networks import Networks
from superxception_jax.workers import Workers
from tests.karyotyping.known_cell import NORMALIZATION

CLASSIFIER = Classifier(
    predict=lambda canvases: np.full((len(canvases), 24), -np.log(24), np.float32),
    normalization=dataclasses.replace(NORMALIZATION, straightening="none"),
    polarity="given",
    temperature=1.0,
    class_shares=np.full(24, 1 / 24),
    about={"network": "uniform"},
)
NETWORKS = Networks(
    background="auto",
    normalizations=dict.fromkeys(KINDS, CLASSIFIER.normalization),
    load=lambda kind: CLASSIFIER,
    identity="uniform",
)
SETTINGS = BatchSettings(
    turned_share=0.5,
    prior=None,
    any_stain=False,
    pictures="png",
    straightened=False,
    again=False,
    program="tested",
)


def write_images(folder: Path, count: int = 2, *, number: int = 0) -> None:
    """Write the images of a synthetic cell into a new folder."""
    folder.mkdir(parents=True)
    drawn = draw_numbered_cell(number, seed=1, style="q", aneuploid_share=0.0)
    for index, chromosome in enumerate(drawn.chromosomes[:count]):
        Image.fromarray(chromosome.image).save(folder / f"{index}.png")


def run(
    cells: Sequence[CellFolder],
    out: Path,
    *,
    networks: Networks = NETWORKS,
    processes: int = 1,
    advance: Callable[[str], object] = lambda name: None,
    **changes: Any,
) -> KaryotypedFolder:
    """Karyotype cells with changes of `SETTINGS`."""
    with Workers(processes) as workers:
        return karyotype_folder(
            cells,
            out,
            networks=networks,
            settings=dataclasses.replace(SETTINGS, **changes),
            case_settings=CaseSettings(),
            workers=workers,
            advance=advance,
        )


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder; the report knows when and where it was made."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
