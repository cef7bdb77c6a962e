"""Karyotype whole cells: karyograms, tables and a report for review and correction.

    karyotype --images=my_lab/cell1
    karyotype --images=my_lab --workdir=runs/stripnet-own-… --out=karyotypes

`--images` is a folder with one image per chromosome, or a folder of such folders, one per cell.
For each cell it writes karyogram.png and .svg, karyotype.json and assignments.csv; report.html
shows all cells, those that need review first. Everything is a draft, to be verified by a
cytogeneticist.

Without `--workdir` the networks that come with the project are used, one for dark (Q-band) and
one for light backgrounds (G-band); their model cards are in superxception_jax/weights.

Exit status: 0; 1 if a cell could not be karyotyped (the others are written); 2 after bad input.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from superxception_jax.commands import run_command

# Everything else is imported after the flags are parsed, so that `--help` and mistakes in the
# flags are answered at once.
if TYPE_CHECKING:
    from superxception_jax.karyotyping.cell import CellImages, Classifier
    from superxception_jax.karyotyping.karyotype import Karyotype

IMAGES = flags.DEFINE_string(
    "images", "", "Folder with the images of one cell, or with one such folder per cell."
)
WORKDIR = flags.DEFINE_string(
    "workdir",
    "",
    "Run or exported network to use; empty: the networks that come with the project.",
)
OUT = flags.DEFINE_string("out", "", "Folder of the results; empty: karyotypes/<name of images>.")
BACKGROUND = flags.DEFINE_enum(
    "background",
    "auto",
    ("auto", "dark", "light"),
    "Background of the images: dark (Q-band), light (G-band) or auto.",
)
TURNED_SHARE = flags.DEFINE_float(
    "turned_share",
    0.5,
    "Share of the images that may be upside down; 0.01 if the p arm is normally up.",
    lower_bound=1e-6,
    upper_bound=1 - 1e-6,
)
PRIOR = flags.DEFINE_string(
    "prior",
    "",
    "JSON file with the probabilities of abnormal chromosome counts, such as "
    '{"autosomes": {"21": {"3": 0.02}}, "sexes": {"X": 0.01}}; empty: cells of unknown origin.',
)
STRAIGHTENED = flags.DEFINE_boolean(
    "straightened", False, "Straighten the chromosomes in the karyograms."
)


def run() -> None:
    """Run the console command `karyotype`."""
    run_command(main)


def main() -> None:
    """Karyotype the cells that the flags name."""
    from tqdm import tqdm

    from superxception_jax.karyotyping.folders import REPORT_FILE, find_cells, karyotype_folder
    from superxception_jax.karyotyping.prior import load_prior

    cells = find_cells(IMAGES.value)
    prior = load_prior(PRIOR.value) if PRIOR.value else None
    choose = _make_choice()
    out = Path(OUT.value or Path("karyotypes") / Path(IMAGES.value).absolute().stem).absolute()
    with tqdm(total=len(cells), desc="karyotyping", unit=" cells") as bar:

        def advance(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        found = karyotype_folder(
            cells,
            out,
            choose=choose,
            turned_share=TURNED_SHARE.value,
            prior=prior,
            straightened=STRAIGHTENED.value,
            advance=advance,
        )
    for one in found.karyotypes:
        print(_summary(one))
    for name, reason in found.failed.items():
        print(f"error: cell `{name}`: {reason}", file=sys.stderr)
    if found.karyotypes:
        print(out / REPORT_FILE)
    if found.failed:
        sys.exit(1)


def _make_choice() -> Callable[[CellImages], Classifier]:
    """Return the function that chooses the network of a cell."""
    from superxception_jax.runs.reader import choose_classifier, load_classifier

    if not WORKDIR.value:
        return lambda cell: choose_classifier(cell, background=BACKGROUND.value)
    loaded = load_classifier(WORKDIR.value)
    normalization = dataclasses.replace(loaded.normalization, background=BACKGROUND.value)
    classifier = dataclasses.replace(loaded, normalization=normalization)
    return lambda _: classifier


def _summary(karyotype: Karyotype) -> str:
    """Return the lines that the program prints for a cell."""
    from superxception_jax.karyotyping.review_flags import quantity

    chromosomes = quantity(len(karyotype.chromosomes), "chromosome")
    formula = f"draft {karyotype.iscn}" if karyotype.iscn else "no ISCN formula"
    review = len(karyotype.flags) + sum(bool(one.flags) for one in karyotype.chromosomes)
    first = f"{karyotype.cell}: {chromosomes}, {formula}, {review} to review"
    unread = [f"  could not be read: {name}: {reason}" for name, reason in karyotype.unread]
    return "\n".join([first, *unread])
