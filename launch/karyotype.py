"""Read the chromosomes of whole cells: karyograms, tables and a report to correct by hand.

    python launch/karyotype.py --images=my_lab/cell1
    python launch/karyotype.py --images=my_lab --workdir=runs/stripnet-own-… --out=karyotypes

`--images` is a folder with one image a chromosome, or a folder of such folders, one a cell. Each
cell gets karyogram.png and .svg, karyotype.json and assignments.csv; report.html holds all cells,
those to review first on top. Everything is a draft, to be verified by a cytogeneticist.

Without `--workdir` the networks that come with the project read, one for each kind of background;
their model cards stand in superxception_jax/weights.

Exit status: 0; 1 if a cell could not be read (the others are written); 2 after bad input.
"""

from __future__ import annotations

import sys
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import dataclasses
from collections.abc import Callable

from absl import flags
from tqdm import tqdm

from superxception_jax.commands import run_command
from superxception_jax.data.crop import BACKGROUNDS
from superxception_jax.karyotyping.cell import CellImages, Classifier
from superxception_jax.karyotyping.folders import REPORT_FILE, find_cells, karyotype_folder
from superxception_jax.karyotyping.prior import load_prior
from superxception_jax.runs.reader import choose_classifier, load_classifier

IMAGES = flags.DEFINE_string("images", "", "Folder of a cell, or of one folder a cell.")
WORKDIR = flags.DEFINE_string(
    "workdir", "", "Run or export whose network reads; empty: those that come with the project."
)
OUT = flags.DEFINE_string("out", "", "Folder of the results; empty: karyotypes/<name of images>.")
BACKGROUND = flags.DEFINE_enum(
    "background", "auto", BACKGROUNDS, "Of the images: dark (Q-band), light (G-band) or auto."
)
TURNED_SHARE = flags.DEFINE_float(
    "turned_share",
    0.5,
    "Share of the images that may be upside down; 0.01 if the p arm is up as a rule.",
    lower_bound=1e-6,
    upper_bound=1 - 1e-6,
)
PRIOR = flags.DEFINE_string(
    "prior",
    "",
    "JSON file of how likely unusual counts are, such as "
    '{"autosomes": {"21": {"3": 0.02}}, "sexes": {"X": 0.01}}; empty: cells of unknown origin.',
)
STRAIGHTENED = flags.DEFINE_boolean("straightened", False, "Straighten the karyograms.")


def main() -> None:
    """Karyotype the cells that the flags name."""
    cells = find_cells(IMAGES.value)
    prior = load_prior(PRIOR.value) if PRIOR.value else None
    choose = _choose_own() if WORKDIR.value else _choose_default
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
        formula = f"draft {one.iscn}" if one.iscn else "no formula"
        review = f", {len(one.flags) + sum(bool(c.flags) for c in one.chromosomes)} to review"
        print(f"{one.cell}: {len(one.chromosomes)} chromosomes, {formula}{review}")
        for name, reason in one.unread:
            print(f"  not read: {name}: {reason}")
    for name, reason in found.failed.items():
        print(f"error: cell `{name}`: {reason}", file=sys.stderr)
    if found.karyotypes:
        print(out / REPORT_FILE)
    if found.failed:
        sys.exit(1)


def _choose_own() -> Callable[[CellImages], Classifier]:
    """Use the network of the run for every cell."""
    loaded = load_classifier(WORKDIR.value)
    normalization = dataclasses.replace(loaded.normalization, background=BACKGROUND.value)
    classifier = dataclasses.replace(loaded, normalization=normalization)
    return lambda _: classifier


def _choose_default(cell: CellImages) -> Classifier:
    return choose_classifier(cell, background=BACKGROUND.value)


if __name__ == "__main__":
    run_command(main)
