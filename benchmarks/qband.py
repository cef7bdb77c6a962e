"""Compare ways to train a network for the Q-bands, on unseen cells of all folds.

StripNet is trained from random weights, from the included G-band network, with a supervised
contrastive loss, and as the student of the networks before it; of each training the last weights
and their moving average are tested, and the mean of three networks' probabilities as an ensemble.
All settings are fixed here beforehand: no row was chosen on test cells. Writes `qband.md` and
`qband.json`; each finished training is kept in `--work`, and the same command goes on after a stop.
What `qband_notes.md` in the same folder says ends the page. The folder `data/manual` must hold
bioimlab_qband.zip.

Example:
  python benchmarks/qband.py --out results
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from benchmarks.kept import claim_kept
from benchmarks.qband_recipes import MEMBERS, RECIPES, Averaged, Recipe, make_step
from benchmarks.qband_report import Fold, describe, name_suspects, summarize
from configs.stripnet import get_config
from superxception_jax.commands import run_guarded
from superxception_jax.data.batches import training_indices
from superxception_jax.files import replacing, write_json, write_text
from superxception_jax.karyotyping.calibration import fit_temperature
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.setup import Setup, set_up
from superxception_jax.runs.start_weights import load_start
from superxception_jax.runs.testing.calibrated import calibrated_predictions
from superxception_jax.runs.testing.predicting import predict_split
from superxception_jax.training import compile as compilation


def train(setup: Setup, recipe: Recipe, teachers: Sequence[Any]) -> Averaged:
    """Return the state after the last step."""
    experiment, images = setup.experiment, setup.splits["train"]
    state = setup.fresh_state(setup.key)
    if recipe.start != "none":
        variables = compilation.place_replicated(load_start(setup)[0], setup.mesh)
        state = dataclasses.replace(state, **variables)
    # A copy, because a step reuses the memory of what it is given.
    averaged = Averaged(state, jax.tree.map(jnp.copy, state.variables))
    step: Any = compilation.compile_train_step(make_step(setup, recipe, teachers), setup.mesh)
    for number in tqdm(range(experiment.epochs * setup.steps_per_epoch), unit="step", leave=False):
        chosen = training_indices(
            len(images.labels),
            batch_size=experiment.batch_size,
            seed=experiment.seed,
            step=number,
        )
        averaged, metrics = step(
            averaged,
            compilation.place_batch(np.asarray(images.images[chosen]), setup.mesh),
            compilation.place_batch(images.labels[chosen], setup.mesh),
            setup.key,
        )
    if not np.isfinite(float(metrics["loss"])):
        raise ValueError(f"the loss of `{recipe.title}` is not finite; lower the rate.")
    return averaged


def run_recipe(setup: Setup, name: str, folder: Path) -> None:
    """Train by a recipe, and keep weights, predictions and seconds in a folder."""
    recipe = RECIPES[name]
    teachers = [load_variables(folder / f"{one}.npz") for one in recipe.teachers]
    began = time.monotonic()
    averaged = jax.device_get(train(setup, recipe, teachers))
    kept: dict[str, np.ndarray] = {"seconds": np.array(time.monotonic() - began)}
    for kind, variables in (("last", averaged.state.variables), ("average", averaged.average)):
        placed = compilation.place_replicated(variables, setup.mesh)
        for part in ("validation", "test"):
            kept[f"{kind}/{part}"] = predict_split(setup, placed, setup.splits[part], bar=None)
    for path, leaf in jax.tree_util.tree_leaves_with_path(averaged.state.variables):
        kept["variables/" + "/".join(key.key for key in path)] = leaf
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{name}.npz") as temporary, temporary.open("wb") as file:
        np.savez(file, **kept)  # type: ignore[arg-type]


def load_variables(path: Path) -> dict[str, Any]:
    """Return the last variables of a finished training.

    In full precision, which an exported file doesn't keep: a teacher is what was tested.
    """
    variables: dict[str, Any] = {}
    with np.load(path) as arrays:
        for name in arrays.files:
            if name.startswith("variables/"):
                *parents, leaf = name.split("/")[1:]
                inner = variables
                for parent in parents:
                    inner = inner.setdefault(parent, {})
                inner[leaf] = arrays[name]
    return variables


def test_recipes(setup: Setup, folder: Path) -> Fold:
    """Return predictions and seconds of training of each row."""
    outputs: dict[str, dict[str, np.ndarray]] = {}
    seconds: dict[str, float] = {}
    for name in RECIPES:
        with np.load(folder / f"{name}.npz") as kept:
            for kind in ("last", "average"):
                row = name if kind == "last" else f"{name}, averaged"
                outputs[row] = {part: kept[f"{kind}/{part}"] for part in ("validation", "test")}
                seconds[row] = float(kept["seconds"])
    outputs["ensemble"] = {
        part: np.logaddexp.reduce([outputs[name][part] for name in MEMBERS]).astype(np.float32)
        - np.float32(np.log(len(MEMBERS)))
        for part in ("validation", "test")
    }
    seconds["ensemble"] = sum(seconds[name] for name in MEMBERS)
    found = {}
    for row, parts in outputs.items():
        temperature = fit_temperature(parts["validation"], setup.splits["validation"].labels)
        predictions, withheld = calibrated_predictions(
            setup, setup.splits["test"], parts["test"], temperature, setup.class_shares
        )
        if withheld:
            raise ValueError(withheld)
        found[row] = (predictions, seconds[row])
    return found


def make_setup(*, fold: int, width: float, epochs: int) -> Setup:
    """Return data and network of a fold."""
    config = get_config("bioimage").unlock()
    config.split.protocol = "cells"
    config.split.fold = fold
    config.model.width_multiplier = width
    config.model.init_from = "gband"
    config.training.epochs = epochs
    return set_up(build_experiment(config.lock()))


def main() -> None:
    """Train whatever isn't trained yet, and write the page if all folds are there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("runs/qband"))
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--folds", default="0,1,2,3,4", help="Folds to train and test.")
    parser.add_argument("--width", type=float, default=1.0, help="Width of the network.")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--train_only", action="store_true", help="Write no page.")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    folds = [int(one) for one in arguments.folds.split(",")]
    found = []
    for fold in tqdm(folds, unit="fold"):
        setup = make_setup(fold=fold, width=arguments.width, epochs=arguments.epochs)
        folder = arguments.work / f"width{arguments.width:g}-epochs{arguments.epochs}-fold{fold}"
        claim_kept(folder / "made_with.json", {}, results="*.npz")
        for name in RECIPES:
            if not (folder / f"{name}.npz").is_file():
                run_recipe(setup, name, folder)
        found.append(test_recipes(setup, folder))
        print(f"fold {fold}", *(f"{r['row']} {r['assigned']:.4f}" for r in summarize(found[-1:])))
    if arguments.train_only:
        return
    rows, suspects = summarize(found), name_suspects(found)
    commit = describe_provenance().commit or "unknown"
    command = (
        f"python benchmarks/qband.py --width={arguments.width:g} --epochs={arguments.epochs} "
        f"--folds={arguments.folds}"
    )
    notes = arguments.out / "qband_notes.md"
    titles = {name: recipe.title for name, recipe in RECIPES.items()}
    page = describe(rows, suspects, titles=titles, command=command, commit=commit)
    write_json(arguments.out / "qband.json", {"rows": rows, "commit": commit})
    write_text(
        arguments.out / "qband.md",
        page + ("\n" + notes.read_text("utf-8") if notes.is_file() else ""),
    )


if __name__ == "__main__":
    run_guarded(main)
