"""Measure what a laboratory that a network never saw gains by adapting it to some of its own cells.

The start is a run of StripNet whose config names the laboratory as `split.test_only`, so that
none of its images trained or validated. It is adapted, by the recipe of
`configs/stripnet.py:adapt`, to 1, 2, 5, ... cells of cases that its test leaves out, and tested
on the same cases as the start. Below five cells nothing is held out; otherwise every fifth cell
validates, and the start is kept unless an epoch is better on them. With `--unlabelled`, further
cells of the laboratory train without their labels, by what the start reads in them; then every
second labelled cell validates. Writes `adaptation/README.md`, `adaptation.json` and a figure;
finished trainings are kept in `--work`, and the same command goes on after a stop. What
`adaptation/notes.md` says ends the page.

The recipe is chosen with `--tested=validation` and `--overrides`: a quarter of the cases of the
laboratory that the test leaves out are tested then, and the others teach, so that nothing is chosen
on what is reported.

Example:
  python benchmarks/adaptation.py --start=runs/without_tseng --laboratory=own --out=results
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm import tqdm

from benchmarks.adaptation_report import describe, draw_figure
from benchmarks.kept import claim_kept
from superxception_jax.commands import build_config, run_guarded
from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import Split
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.pseudo_labels import keep_pseudo_labels
from superxception_jax.runs.reader import export_classifier
from superxception_jax.runs.setup import Setup, load_best, set_up
from superxception_jax.runs.split.split_data import load_everything
from superxception_jax.runs.split.split_file import load_split
from superxception_jax.runs.start_weights import load_start
from superxception_jax.runs.testing.calibrated import calibrated_predictions, fit_calibration
from superxception_jax.runs.testing.predicting import predict_split
from superxception_jax.runs.testing.source_metrics import measure_images
from superxception_jax.runs.train import train_network
from superxception_jax.runs.workdir import holds_run, load_config
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint_sharing import open_checkpoints

RECIPE = str(Path(__file__).resolve().parents[1] / "configs" / "stripnet.py:adapt")
CELLS = (1, 2, 5, 10, 20, 50)
DRAWS = 3
FEWEST_HELD_OUT = 5  # cells, of which one validates
# Beside cells without labels more of the labelled ones validate: the others teach less then, and
# one cell says little about which epoch is best.
SHARE_BESIDE = 2
FEWEST_IMAGES = 16  # of a cell that is drawn: a batch
CHOOSING_SHARE = 4  # one of so many of the other cases is tested to choose a recipe
UNLABELLED_EPOCHS = 6  # with cells without labels, which make an epoch longer


def adapt(
    experiment: Experiment, split: Split, *, folder: Path, pseudo_labelled: Chromosomes | None
) -> dict[str, Any]:
    """Adapt the start to the training images of a split, and return what it gains."""
    began = time.monotonic()
    setup = set_up(experiment, choose_split=lambda _: split, pseudo_labelled=pseudo_labelled)
    with open_checkpoints(folder / "checkpoints") as checkpoints:
        begun = time.monotonic()
        progress = train_network(setup, folder, checkpoints)
        # Of a training that was stopped and resumed, its whole time.
        trained = max(time.monotonic() - begun, progress.training_seconds)
        variables = load_best(setup, checkpoints)
    found = {"images": count_learned(split), "seconds": begun - began + trained}
    kept_start = progress.best_step == 0
    return found | {"kept_start": kept_start} | test(setup, variables, is_start=kept_start)


def count_learned(split: Split) -> int:
    """Return the number of images that train or validate; of few cells all do both."""
    return len(np.union1d(split.train, split.validation))


def test(setup: Setup, variables: Mapping[str, Any], *, is_start: bool) -> dict[str, Any]:
    """Return single and assigned accuracy on the test images of each data set."""
    calibration = fit_calibration(setup, variables, is_start=is_start)
    found: dict[str, Any] = {}
    images = setup.splits["test"]
    for source in dict.fromkeys(images.sources.tolist()):
        part = images.take(images.sources == source)
        raw = predict_split(setup, variables, part, bar=None)
        predictions, _ = calibrated_predictions(
            setup, part, raw, calibration.temperature, calibration.class_shares
        )
        metrics = measure_images(predictions, **setup.experiment.bootstrap_options)
        assert metrics.cells is not None
        found[source] = {"single": metrics.accuracy, "assigned": metrics.cells.accuracy}
    return found


def choose_tested(
    everything: Chromosomes, split: Split, *, laboratory: str, tested: str
) -> np.ndarray:
    """Return the images to test: those of the start's test, or others to choose a recipe on."""
    if tested == "test":
        return split.test
    others = everything.sources == laboratory
    others[split.test] = False
    cases = np.unique(everything.cases[others])
    some = np.random.default_rng(0).permutation(cases)[: len(cases) // CHOOSING_SHARE]
    chosen = np.flatnonzero(others & np.isin(everything.cases, some))
    return np.sort(np.concatenate([split.validation, chosen]))


def choose_cells(
    everything: Chromosomes, split: Split, tested: np.ndarray, *, laboratory: str, draw: int
) -> list[np.ndarray]:
    """Return the images of the cells that may be learned, in the order of a draw."""
    free = everything.sources == laboratory
    free[split.test] = False
    free[tested] = False
    names, counts = np.unique(everything.cells[free], return_counts=True)
    order = np.random.default_rng(draw).permutation(names[counts >= FEWEST_IMAGES])
    return [np.flatnonzero(everything.cells == name) for name in order.tolist()]


def draw_split(cells: Sequence[np.ndarray], test: np.ndarray, *, beside: bool = False) -> Split:
    """Return the split for some cells of a laboratory, beside cells without labels or not."""
    held_out = len(cells) // (SHARE_BESIDE if beside else FEWEST_HELD_OUT)
    train = np.sort(np.concatenate(cells[held_out:]))
    validation = np.sort(np.concatenate(cells[:held_out])) if held_out else train
    return Split(train=train, validation=validation, test=test)


def link_unlabelled(
    cells: Sequence[np.ndarray], everything: Chromosomes, *, own_folder: Path, folder: Path
) -> None:
    """Link the folders of cells into a folder without the table of their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    for images in cells:
        # Such as `own/103141/103141_04 3`.
        name = everything.names[images[0]].split("/")[1]
        if not (folder / name).exists():
            (folder / name).symlink_to((own_folder / name).absolute())


def read_cells(
    cells: Sequence[np.ndarray],
    everything: Chromosomes,
    *,
    start: Path,
    work: Path,
    overrides: Sequence[str],
) -> tuple[Experiment, Chromosomes | None]:
    """Return the experiment with cells without labels, and what the start reads in them."""
    folder = work / f"unlabelled{len(cells)}"
    own_folder = Path(load_config(start).data.own_folder)
    link_unlabelled(cells, everything, own_folder=own_folder, folder=folder / "cells")
    experiment = make_experiment(
        start, work / "start", overrides=overrides, unlabelled=str(folder / "cells")
    )
    return experiment, keep_pseudo_labels(experiment, folder)


def make_experiment(
    start: Path, weights: Path, *, overrides: Sequence[str], unlabelled: str = ""
) -> Experiment:
    """Return the experiment of the preset on the data of the start."""
    config, of_start = build_config(RECIPE, overrides=overrides).unlock(), load_config(start)
    # Which images there are is the start's; which copies of them train, the recipe's.
    kept = {"data.curled_share", *(one.partition("=")[0] for one in overrides)}
    for section in ("data", "normalization", "split"):
        for name, value in of_start[section].items():
            if f"{section}.{name}" not in kept:
                config[section][name] = value
    config.split.test_only = ""
    config.model.width_multiplier = of_start.model.width_multiplier
    config.model.init_from = str(weights / "variables.npz")
    if unlabelled:
        config.data.unlabelled_folder = unlabelled
        config.training.epochs = UNLABELLED_EPOCHS
    return build_experiment(config.lock())


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--start", type=Path, required=True, help="Run folder of the start.")
    parser.add_argument("--laboratory", required=True, help="Data set that the start never saw.")
    parser.add_argument("--work", type=Path, default=Path("runs/adaptation"))
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--cells", default=",".join(map(str, CELLS)))
    parser.add_argument("--unlabelled", type=int, default=0, help="Number of such cells.")
    parser.add_argument(
        "--cells_beside", default="5,10,20", help="Labelled cells beside cells without labels."
    )
    parser.add_argument(
        "--tested",
        default="test",
        choices=("test", "validation"),
        help="The start's test, or cases on which to choose a recipe.",
    )
    parser.add_argument(
        "--overrides", default="", help="Fields of the recipe, such as training.epochs=10;…"
    )
    return parser


def main() -> None:
    """Adapt the start to all numbers of cells, and write the page."""
    parser = make_parser()
    arguments = parser.parse_args()
    counts = [(int(one), 0) for one in arguments.cells.split(",")]
    if arguments.unlabelled:
        counts += [(int(one), arguments.unlabelled) for one in arguments.cells_beside.split(",")]
    weights = arguments.work / "start"
    overrides = [one for one in arguments.overrides.split(";") if one]
    experiment = make_experiment(arguments.start, weights, overrides=overrides)
    everything = load_everything(experiment)
    stored = load_split(arguments.start)
    if stored is None or arguments.laboratory not in load_config(arguments.start).split.test_only:
        parser.error(f"`--start` must have left `{arguments.laboratory}` out; see split.test_only")
    choices = ("start", "laboratory", "tested", "overrides", "unlabelled")
    made_with = {name: str(vars(arguments)[name]) for name in choices}
    claim_kept(arguments.work / "made_with.json", made_with)
    if not holds_run(weights):
        export_classifier(arguments.start, weights, name="--start")
    split = stored.find(everything.names)
    tested = choose_tested(
        everything, split, laboratory=arguments.laboratory, tested=arguments.tested
    )
    orders = [
        choose_cells(everything, split, tested, laboratory=arguments.laboratory, draw=draw)
        for draw in range(arguments.draws)
    ]
    setup = set_up(experiment, choose_split=lambda _: draw_split(orders[0][:10], tested))
    variables = compilation.place_replicated(load_start(setup)[0], setup.mesh)
    start = {"images": 0, "seconds": 0.0, "kept_start": True}
    rows = [{"cells": 0, "unlabelled": 0, "draws": [start | test(setup, variables, is_start=True)]}]
    chosen: dict[int, tuple[Experiment, Chromosomes | None]] = {0: (experiment, None)}
    if arguments.unlabelled:
        most = max(count for count, _ in counts)
        learned = {int(images[0]) for order in orders for images in order[:most]}
        others = [images for images in orders[0] if int(images[0]) not in learned]
        chosen[arguments.unlabelled] = read_cells(
            others[-arguments.unlabelled :],
            everything,
            start=arguments.start,
            work=arguments.work,
            overrides=overrides,
        )
    for count, unlabelled in tqdm(counts, unit=" sizes"):
        draws = []
        for draw, order in enumerate(orders):
            folder = arguments.work / f"cells{count}-unlabelled{unlabelled}-draw{draw}"
            kept = folder / "gain.json"
            if not kept.is_file():
                folder.mkdir(parents=True, exist_ok=True)
                drawn = draw_split(order[:count], tested, beside=unlabelled > 0)
                adapting, pseudo = chosen[unlabelled]
                gain = adapt(adapting, drawn, folder=folder, pseudo_labelled=pseudo)
                write_json(kept, gain)
            draws.append(json.loads(kept.read_text("utf-8")))
        rows.append({"cells": count, "unlabelled": unlabelled, "draws": draws})
        print(count, unlabelled, [one[arguments.laboratory] for one in draws], flush=True)
    write_page(rows, arguments)


def write_page(rows: Sequence[dict[str, Any]], arguments: argparse.Namespace) -> None:
    """Write page, values and figure."""
    commit = describe_provenance().commit or "unknown"
    command = (
        f"python benchmarks/adaptation.py --start={arguments.start} "
        f"--laboratory={arguments.laboratory} --draws={arguments.draws} --cells={arguments.cells}"
    )
    if arguments.unlabelled:
        command += f" --unlabelled={arguments.unlabelled} --cells_beside={arguments.cells_beside}"
    command += "" if arguments.tested == "test" else f" --tested={arguments.tested}"
    command += f" --overrides='{arguments.overrides}'" if arguments.overrides else ""
    out = arguments.out / "adaptation"
    out.mkdir(parents=True, exist_ok=True)
    page = describe(rows, laboratory=arguments.laboratory, command=command, commit=commit)
    write_json(out / "adaptation.json", {"rows": rows, "commit": commit})
    notes = out / "notes.md"
    write_text(out / "README.md", page + (notes.read_text("utf-8") if notes.is_file() else ""))
    draw_figure(rows, arguments.laboratory, out / "accuracy.png")


if __name__ == "__main__":
    run_guarded(main)
