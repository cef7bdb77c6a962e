"""Karyotype whole cells: karyograms, tables and a report for review and correction.

    karyotype --images=my_lab/cell1
    karyotype --images=my_lab --workdir=runs/stripnet-own-… --out=karyotypes

`--images` is a folder with one image per chromosome, or a folder of such folders, one per cell.
For each cell it writes karyogram.png (and .svg if asked for), karyotype.json and assignments.csv;
report.html shows all cells, those that need review first. Everything is a draft, to be verified by
a cytogeneticist. The same command continues after a stop: a cell whose files, network and settings
are unchanged is not read again. Other results of an earlier run of the same cells are replaced;
those of a cell that fails are removed, unless none of its files can be read or memory is short. If
results can't be written, as on a full disk, the program ends and keeps the earlier ones.

An image that can't be read, or can't be one chromosome of its cell (such as a scale bar or a
copy of another image), is named with the reason and affects nothing else; but the cell gets no
formula, because a chromosome may be missing. Neither does a cell whose stain the network doesn't
know, unless `--any_stain` is given.

Without `--workdir` the networks that come with the project are used, one for dark (Q-band) and
one for light backgrounds (G-band); their model cards are in superxception_jax/weights.

Exit status: 0, also if images could not be read or were set aside; 1 if a cell could not be
karyotyped (the others are written); 2 after bad input.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from superxception_jax.commands import RESUMES, resuming, run_command
from superxception_jax.data.file_names import shown_name, shown_path
from superxception_jax.files import absolute_path, check_writable
from superxception_jax.wording import first_of, quantity

# Everything else is imported after the flags are parsed, so that `--help` and mistakes in the
# flags are answered at once.
if TYPE_CHECKING:
    from collections.abc import Sequence

    from superxception_jax.karyotyping.batch import BatchSettings, KaryotypedFolder
    from superxception_jax.karyotyping.case.case_record import Case, CaseSettings
    from superxception_jax.karyotyping.folders import FoundCells
    from superxception_jax.karyotyping.karyotype import Karyotype
    from superxception_jax.karyotyping.networks import Networks
    from superxception_jax.karyotyping.prior import CountPrior
    from superxception_jax.workers import Workers

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
    "Background of the images: dark (Q-band), light (G-band) or auto: as the settings of the run "
    "given by `--workdir` say, otherwise decided for each cell.",
)
TURNED_SHARE = flags.DEFINE_float(
    "turned_share",
    None,
    "Expected share of upside-down images, such as 0.01 if the p arm is nearly always up; if left "
    "out, estimated from the images of each cell. Not for networks that assume the p arm up.",
    lower_bound=1e-6,
    upper_bound=1 - 1e-6,
)
PRIOR = flags.DEFINE_string(
    "prior",
    "",
    "JSON file with the probabilities of abnormal chromosome counts, such as "
    '{"autosomes": {"21": {"3": 0.02}}, "sexes": {"X": 0.01}}; empty: the defaults for cells of '
    "unknown origin. It applies to whole cells, of 42 to 50 chromosomes.",
)
ANY_STAIN = flags.DEFINE_boolean(
    "any_stain", False, "Draft an ISCN formula even if the stain is foreign to the network."
)
STRAIGHTENED = flags.DEFINE_boolean(
    "straightened", False, "Straighten the chromosomes in the karyograms."
)
PICTURES = flags.DEFINE_enum(
    "pictures",
    "png",
    ("png", "svg", "none"),
    "Karyograms to draw: png; svg: both, which takes longer; or none.",
)
AGAIN = flags.DEFINE_boolean(
    "again",
    False,
    "Karyotype all cells again, including those with results from the same files and the same "
    "program.",
)
CASE_ORDER = flags.DEFINE_enum(
    "case_order",
    "constitutional",
    ("constitutional", "neoplastic"),
    "How the formula of a case is written, and the prior probability of several cell lines.",
)
CLONE_GAIN = flags.DEFINE_integer(
    "clone_gain", 2, "Number of cells with the same gain that make a clone.", lower_bound=1
)
CLONE_LOSS = flags.DEFINE_integer(
    "clone_loss", 3, "Number of cells with the same loss that make a clone.", lower_bound=1
)
PROCESSES = flags.DEFINE_integer(
    "processes",
    0,
    "Processes that read and draw cells; 0: one per core, or only this one for fewer than 4 cells.",
    lower_bound=0,
)
# Cells below which the start of further processes, about a second, is not gained back.
_FEW_CELLS = 4
_MOST_SHOWN = 10
# What the further processes need; they import it while this one gets ready.
_TASKS = "superxception_jax.karyotyping.batch_tasks"


def run() -> None:
    """Run the console command `karyotype`."""
    run_command(main)


def main() -> None:
    """Karyotype the cells that the flags name."""
    from superxception_jax.karyotyping.folders import find_cells
    from superxception_jax.karyotyping.prior import load_prior
    from superxception_jax.karyotyping.result_files import check_out
    from superxception_jax.runs.results_folder import results_of
    from superxception_jax.workers import Workers, usable_cores

    layout = find_cells(IMAGES.value)
    images = absolute_path(IMAGES.value)
    # The ending of a file is no part of its name; a folder may be called `batch 1.1`.
    name = images.stem if images.is_file() else images.name
    out = Path(OUT.value or Path("karyotypes") / name).expanduser().absolute()
    check_out(out, images=images)
    check_writable(out, name="--out")
    prior = load_prior(PRIOR.value) if PRIOR.value else None
    automatic = usable_cores() if len(layout.cells) >= _FEW_CELLS else 1
    with Workers(PROCESSES.value or automatic, imports=[_TASKS]) as workers:
        workers.start()
        networks = _load_networks()
        # The same command with `--again` repeats what this call has done, too.
        with results_of(images, out), resuming("" if AGAIN.value else RESUMES):
            found = _karyotype(layout, out, networks=networks, prior=prior, workers=workers)
    _print_outcome(found, out)
    if found.failed:
        sys.exit(1)


def _karyotype(
    layout: FoundCells,
    out: Path,
    *,
    networks: Networks,
    prior: CountPrior | None,
    workers: Workers,
) -> KaryotypedFolder:
    """Karyotype the cells with a progress bar."""
    from tqdm import tqdm

    from superxception_jax.karyotyping.batch import karyotype_folder

    settings, case_settings = _settings(prior)
    print(layout.sentence, flush=True)
    with tqdm(total=len(layout.cells), desc="karyotyping", unit=" cells") as bar:

        def advance(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        return karyotype_folder(
            layout.cells,
            out,
            networks=networks,
            settings=settings,
            case_settings=case_settings,
            workers=workers,
            advance=advance,
        )


def _print_outcome(found: KaryotypedFolder, out: Path) -> None:
    """Print what was found in each cell and case, and what failed."""
    if found.kept:
        total = len(found.karyotypes)
        print(f"{found.kept} of {total} cells were up to date (`--again` repeats them)")
    for one in found.karyotypes:
        print(_summary(one))
    for case in found.cases:
        print(_case_summary(case))
    for twins in found.twins:
        print(f"the same images in several cells (one of the cells may be wrong): {twins}")
    for name, reason in found.failed.items():
        print(f"error: cell `{name}`: {reason}", file=sys.stderr)
    if found.others:
        print(_others_text(found.others, out))
    if found.report:
        print(shown_path(found.report))
    else:
        print(
            "no cell could be karyotyped: no report was written. Earlier results of these cells "
            "were removed, except where a message above says otherwise.",
            file=sys.stderr,
        )


def _settings(prior: CountPrior | None) -> tuple[BatchSettings, CaseSettings]:
    """Return how cells are karyotyped and cases concluded."""
    from superxception_jax.karyotyping.batch import BatchSettings
    from superxception_jax.karyotyping.case.case_record import CaseSettings
    from superxception_jax.karyotyping.prior import constitutional_prior, default_prior
    from superxception_jax.runs.provenance import digest_program

    settings = BatchSettings(
        turned_share=TURNED_SHARE.value,
        prior=prior,
        any_stain=ANY_STAIN.value,
        pictures=PICTURES.value,
        straightened=STRAIGHTENED.value,
        again=AGAIN.value,
        program=digest_program(),
    )
    return settings, CaseSettings(
        order=CASE_ORDER.value,
        cells_of_gain=CLONE_GAIN.value,
        cells_of_loss=CLONE_LOSS.value,
        prior=constitutional_prior(prior or default_prior()),
    )


def _load_networks() -> Networks:
    """Return the networks of the batch."""
    from superxception_jax.runs.reader import included_networks, networks_of_run

    if not WORKDIR.value:
        return included_networks(background=BACKGROUND.value)
    networks = networks_of_run(WORKDIR.value, background=BACKGROUND.value)
    classifier = networks.load(networks.background)
    if classifier.polarity == "given" and flags.FLAGS["turned_share"].present:
        raise ValueError(
            "`--turned_share` must not be given with a network that assumes the p arm up "
            f"(`model.polarity=given`), got {TURNED_SHARE.value}; leave it out, or train the "
            "network with `--config.model.polarity=read`."
        )
    return networks


def _others_text(others: Sequence[str], out: Path) -> str:
    """Return what to say of results of cells and cases that were not karyotyped now."""
    shown = first_of([f"`{shown_name(name)}`" for name in others], most=_MOST_SHOWN)
    return (
        "results of cells or cases that are not in `--images` (any more) are in "
        f"{quantity(len(others), 'folder')} of `{shown_path(out)}`: {shown}; delete "
        "them if they are not needed"
    )


def _case_summary(case: Case) -> str:
    """Return the lines that the program prints for a case."""
    from superxception_jax.karyotyping.case.conclude import SAME_IMAGES

    formula = f"draft {case.formula}" if case.formula else f"no formula ({case.withheld})"
    cells = f"{len(case.analysed)} of {len(case.cells)} cells analysed"
    # What is not certain is never written as 0 or 100 %.
    percent = f"{100 * case.posterior:.1f} %"
    percent = "> 99.9 %" if case.posterior > 0.999 else percent
    percent = "< 0.1 %" if case.posterior < 0.001 else percent
    probability = f", probability {percent}" if case.formula else ""
    # A folder of a case is mostly called so.
    name = case.name if case.name.lower().startswith("case") else f"case {case.name}"
    copies = [
        f"  not counted: {one.name}: {one.aside}"
        for one in case.set_aside
        if one.aside.startswith(SAME_IMAGES)
    ]
    return "\n".join([f"{name}: {formula}{probability}, {cells}", *copies, f"  {case.more_text}"])


def _summary(karyotype: Karyotype) -> str:
    """Return the lines that the program prints for a cell."""
    from superxception_jax.karyotyping.review_flags import decided_text

    chromosomes = quantity(len(karyotype.chromosomes), "chromosome")
    formula = f"draft {karyotype.iscn}" if karyotype.iscn else "no ISCN formula"
    if karyotype.withheld:
        formula += f" ({karyotype.withheld})"
    review = len(karyotype.flags) + sum(bool(one.flags) for one in karyotype.chromosomes)
    first = f"{karyotype.cell}: {chromosomes}, {formula}, {quantity(review, 'point')} to review"
    aside = [f"  set aside: {name}: {reason}" for name, reason in karyotype.set_aside]
    unread = [f"  could not be read: {name}: {reason}" for name, reason in karyotype.unread]
    return "\n".join([first, f"  {decided_text(karyotype)}", *aside, *unread])
