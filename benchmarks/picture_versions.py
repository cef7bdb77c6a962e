"""Karyotype real cells in the many files in which laboratories store them, and count the changes.

Each version of tests/data/picture_versions.py is decoded, leveled and karyotyped by the shipped
network for the background that was found. The table gives the share of the chromosomes that have
the class which they have in the original files; `kind` is the number of cells whose background
was taken for light and for dark.

Example:
  SUPERXCEPTION_DATA=data/manual python benchmarks/picture_versions.py --dataset gband --cells 25
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm import tqdm

from superxception_jax.chromosomes import natural_key
from superxception_jax.commands import run_guarded
from superxception_jax.data.bioimage.archive import PADOVA_COUNTS, load_bioimage
from superxception_jax.data.gband.archive import GBAND_COUNTS, load_gband
from superxception_jax.data.images.image_file import DecodedImage, decode_image
from superxception_jax.data.normalization.background import level_cell
from superxception_jax.karyotyping.cell import CellImages, NamedImage, karyotype_cell
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS, load_classifier
from tests.data.picture_versions import DARK_ONLY, LIGHT_ONLY, VERSIONS, png

ARCHIVES = {"gband": "gband_karyograms.zip", "bioimage": "bioimlab_qband.zip"}
INVERTED = "inverted (a negative)"


def load_cells(folder: Path, *, dataset: str, count: int) -> dict[str, list[np.ndarray]]:
    """Return the images u8[H,W] of some cells, evenly spaced in natural order.

    Args:
        folder: Folder of the archives.
        dataset: "gband" or "bioimage".
        count: Number of cells.
    """
    if dataset == "gband":
        records = load_gband(folder / ARCHIVES[dataset], expected=GBAND_COUNTS)
    else:
        records = load_bioimage(folder / ARCHIVES[dataset], expected=PADOVA_COUNTS)
    cells: dict[str, list[np.ndarray]] = {}
    for record in records:
        cells.setdefault(record.cell, []).append(record.image)
    names = sorted(cells, key=natural_key)
    chosen = np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int)
    return {names[index]: cells[names[index]] for index in chosen}


class Reader:
    """The shipped networks, each loaded once."""

    def __init__(self) -> None:
        """Load both."""
        self._classifiers = {
            kind: load_classifier(folder) for kind, folder in DEFAULT_CLASSIFIERS.items()
        }
        self._known: dict[tuple[object, ...], list[int]] = {}

    def read(self, decoded: Sequence[DecodedImage]) -> tuple[str, list[int]]:
        """Return the background that was found, and the class of each image; -1 for none."""
        leveled = level_cell(decoded, background="auto")
        kind = leveled.background.kind
        # Many versions become the same pixels, which need not be read again.
        pixels = kind, *((image.shape, image.tobytes()) for image in leveled.images)
        if pixels not in self._known:
            names = [str(index) for index in range(len(decoded))]
            karyotype = karyotype_cell(
                CellImages("cell", tuple(map(NamedImage, names, leveled.images))),
                classifier=self._classifiers[kind],
                turned_share=0.5,
            )
            found = {one.name: one.label for one in karyotype.chromosomes}
            self._known[pixels] = [found.get(name, -1) for name in names]
        return kind, self._known[pixels]


def main() -> None:
    """Print the share of equal classes by version."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", choices=tuple(ARCHIVES), default="gband", help="Set of cells.")
    parser.add_argument("--cells", type=int, default=25, help="Number of cells (default: 25).")
    parser.add_argument("--only", default="", help="Versions whose name holds this text.")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("SUPERXCEPTION_DATA"),
        help="Folder of the archives (default: SUPERXCEPTION_DATA).",
    )
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("--data or SUPERXCEPTION_DATA must name the folder of the archives")
    cells = load_cells(arguments.data, dataset=arguments.dataset, count=arguments.cells)
    reader = Reader()
    originals = {
        name: reader.read([DecodedImage(image, 0.0) for image in images])[1]
        for name, images in tqdm(cells.items(), desc="originals", unit="cell")
    }
    unfit = DARK_ONLY if arguments.dataset == "gband" else LIGHT_ONLY
    versions = {name: write for name, write in VERSIONS.items() if name not in unfit}
    versions[INVERTED] = lambda images: [png(255 - image) for image in images]
    print(f"{'version':32s} {'same':>8s} {'of':>6s} {'light':>6s} {'dark':>5s}")
    for version, write in versions.items():
        if arguments.only not in version:
            continue
        same, count, kinds = 0, 0, Counter[str]()
        for name, images in cells.items():
            kind, found = reader.read([decode_image(content) for content in write(images)])
            kinds[kind] += 1
            same += sum(a == b for a, b in zip(found, originals[name], strict=True))
            count += len(images)
        shares = f"{100 * same / count:8.2f} {count:6d} {kinds['light']:6d} {kinds['dark']:5d}"
        print(f"{version:32s} {shares}", flush=True)


if __name__ == "__main__":
    run_guarded(main)
