"""Compare ways to train a network for the Q-bands, on unseen cells of all folds.

StripNet is trained from random weights, from the included G-band network, with a supervised
contrastive loss, and as the student of the networks before it; of each training the last weights
and their moving average are tested, and the mean of three networks' probabilities as an ensemble.
All settings are fixed here beforehand: no row was chosen on test cells. Writes `qband.md` and
`qband.json`; each finished training is kept in `--work`, and the same command goes on after a stop.
What `qband_notes.md` in the same folder says ends the page. The folder of `--config`'s default,
`data/manual`, must hold bioimlab_qband.zip.

Example:
  python benchmarks/qband.py --out results
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import struct
from tqdm import tqdm

from configs.stripnet import get_config
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.batches import training_indices
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.evaluation.metrics import class_shares
from superxception_jax.evaluation.predictions import Predictions
from superxception_jax.evaluation.statistics import bootstrap_mean
from superxception_jax.files import replacing, write_json, write_text
from superxception_jax.karyotyping.calibration import fit_temperature
from superxception_jax.keys import key_for
from superxception_jax.models.inference import to_unit_range
from superxception_jax.runs.calibrated import calibrated_predictions
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.predicting import predict_split
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.setup import Setup, set_up
from superxception_jax.runs.start_weights import load_start
from superxception_jax.training import compile as compilation
from superxception_jax.training.augmentation import augment, turn_half
from superxception_jax.training.state import TrainState

DECAY = 0.998  # of the averaged weights, per step
CONTRAST_TEMPERATURE = 0.1
TEACHING = 0.5  # share of the teachers in the target
RESAMPLES, LEVEL = 2000, 0.95


@dataclass(frozen=True)
class Recipe:
    """A way to train.

    Attributes:
        title: What the page calls it.
        start: "gband" for the included network, or "none" for random weights.
        contrast: Weight of the contrastive loss, for which each image is seen twice in a step.
        teachers: Recipes whose mean probabilities are half of the target.
    """

    title: str
    start: str
    contrast: float = 0.0
    teachers: tuple[str, ...] = ()


MEMBERS = ("random", "gband", "contrastive")
RECIPES = {
    "random": Recipe("from random weights", "none"),
    "gband": Recipe("from the G-band network", "gband"),
    "contrastive": Recipe("the same, with a contrastive loss", "gband", contrast=0.2),
    "distilled": Recipe("from the G-band network, taught by the three", "gband", teachers=MEMBERS),
}


@struct.dataclass
class Averaged:
    """The state of a training and the moving average of its variables.

    Attributes:
        state: The state.
        average: `params` and `batch_stats`.
    """

    state: TrainState
    average: Any


def contrastive_loss(features: jax.Array, classes: jax.Array) -> jax.Array:
    """Return the supervised contrastive loss, f32[].

    Args:
        features: f32[B,F].
        classes: i32[B]; each occurs at least twice.

    Source: Khosla et al., "Supervised Contrastive Learning", 2020, equation 2.
    """
    directions = features / jnp.linalg.norm(features, axis=1, keepdims=True)
    others = ~jnp.eye(len(classes), dtype=bool)
    similarity = jnp.where(others, directions @ directions.T / CONTRAST_TEMPERATURE, -jnp.inf)
    positive = (classes[:, None] == classes[None, :]) & others
    log_shares = jnp.where(positive, jax.nn.log_softmax(similarity, axis=1), 0.0)
    return -jnp.mean(log_shares.sum(axis=1) / positive.sum(axis=1))


def make_step(setup: Setup, recipe: Recipe, teachers: Sequence[Any]) -> Any:
    """Return the training step of a recipe, of `Averaged`, images, labels and the root key."""
    experiment, classes = setup.experiment, 2 * len(CLASS_NAMES)

    def train_step(averaged: Averaged, images: jax.Array, labels: jax.Array, key: jax.Array):
        state = averaged.state
        key = key_for(key, "step", state.step)
        views = []
        for number in range(2 if recipe.contrast else 1):
            pixels = augment(
                to_unit_range(images),
                key=key_for(key, "augment", number),
                settings=experiment.augmentation,
            )
            # The same key: both views of an image are turned, or none.
            views.append(turn_half(pixels, key=key_for(key, "turn")))
        pixels = jnp.concatenate([pixels for pixels, _ in views])
        read = jnp.concatenate([labels + len(CLASS_NAMES) * turned for _, turned in views])
        target = optax.smooth_labels(jax.nn.one_hot(read, classes), experiment.label_smoothing)
        if teachers:
            told: list[Any] = [setup.model.apply(one, pixels, train=False) for one in teachers]
            taught = sum(jax.nn.softmax(logits) for logits in told) / len(told)
            target = (1 - TEACHING) * target + TEACHING * taught

        def loss_of(params):
            features, updated = setup.model.apply(
                {"params": params, "batch_stats": state.batch_stats},
                pixels,
                train=True,
                mutable=["batch_stats"],
                method="features",
            )
            logits = setup.model.apply(
                {"params": params},
                features,
                rngs={"dropout": key_for(key, "dropout")},
                method=lambda network, kept: network.head(
                    network.dropout(kept, deterministic=False)
                ),
            )
            loss = optax.softmax_cross_entropy(logits, target).mean()
            if recipe.contrast:
                loss += recipe.contrast * contrastive_loss(features, read)
            return loss, updated["batch_stats"]

        (loss, batch_stats), gradients = jax.value_and_grad(loss_of, has_aux=True)(state.params)
        updates, opt_state = setup.optimizer.update(gradients, state.opt_state, state.params)
        state = TrainState(
            step=state.step + 1,
            params=optax.apply_updates(state.params, updates),
            batch_stats=batch_stats,
            opt_state=opt_state,
        )
        # Early averages would otherwise remember the first weights.
        decay = jnp.minimum(DECAY, state.step / (state.step + 10.0))
        average = jax.tree.map(
            lambda old, new: decay * old + (1 - decay) * new, averaged.average, state.variables
        )
        return Averaged(state, average), {"loss": loss}

    return train_step


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
    """Return the last variables of a finished training."""
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


def test_recipes(setup: Setup, folder: Path) -> dict[str, tuple[Predictions, float]]:
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
    shares = class_shares(setup.splits["train"].labels)
    found = {}
    for row, parts in outputs.items():
        temperature = fit_temperature(parts["validation"], setup.splits["validation"].labels)
        predictions, withheld = calibrated_predictions(
            setup, setup.splits["test"], parts["test"], temperature, shares
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


def summarize(folds: Sequence[Mapping[str, tuple[Predictions, float]]]) -> list[dict[str, Any]]:
    """Return a record of each row over all folds."""
    right: dict[str, np.ndarray] = {}
    rows = []
    cells = np.concatenate([fold["random"][0].cells for fold in folds])
    for name in folds[0]:
        tested = [fold[name][0] for fold in folds]
        labels = np.concatenate([one.labels for one in tested])
        single = np.concatenate([one.predicted for one in tested]) == labels
        right[name] = np.concatenate([one.assigned for one in tested]) == labels
        gain = right[name].astype(float) - right["random"]
        rows.append(
            {
                "row": name,
                "single": float(single.mean()),
                "assigned": float(right[name].mean()),
                "interval": _interval(right[name].astype(float), cells),
                "wrong": int((~right[name]).sum()),
                "images": len(labels),
                "gain": float(gain.mean()),
                "gain_interval": _interval(gain, cells),
                "full": float(np.mean([right[name][cells == one].all() for one in set(cells)])),
                "minutes": float(np.mean([fold[name][1] for fold in folds])) / 60,
            }
        )
    return rows


def _interval(values: np.ndarray, cells: np.ndarray) -> tuple[float, float]:
    return bootstrap_mean(values, cells, resamples=RESAMPLES, level=LEVEL, seed=0)


def name_suspects(folds: Sequence[Mapping[str, tuple[Predictions, float]]]) -> list[str]:
    """Return the images that every row assigns to the same wrong class, with both classes."""
    suspects = []
    for fold in folds:
        first = fold["random"][0]
        assigned = np.stack([np.asarray(row.assigned) for row, _ in fold.values()])
        agreed = (assigned == assigned[0]).all(axis=0) & (assigned[0] != first.labels)
        suspects += [
            f"`{first.names[index]}` (labelled {CLASS_NAMES[first.labels[index]]}, "
            f"{CLASS_NAMES[assigned[0][index]]})"
            for index in np.flatnonzero(agreed)
        ]
    return suspects


def describe(
    rows: Sequence[dict[str, Any]], suspects: Sequence[str], *, command: str, commit: str
) -> str:
    """Return the page."""
    titles = {name: recipe.title for name, recipe in RECIPES.items()}
    titles |= {f"{name}, averaged": f"{title}: averaged weights" for name, title in titles.items()}
    titles["ensemble"] = "ensemble of the first three"
    lines = [
        [
            titles[row["row"]],
            f"{100 * row['single']:.2f}",
            f"{100 * row['assigned']:.2f}",
            "{:.2f} to {:.2f}".format(*(100 * end for end in row["interval"])),
            f"{row['wrong']} of {row['images']:,}",
            f"{100 * row['gain']:+.2f} ({{:+.2f}} to {{:+.2f}})".format(
                *(100 * end for end in row["gain_interval"])
            ),
            f"{100 * row['full']:.1f}",
            f"{row['minutes']:.1f}",
        ]
        for row in rows
    ]
    heads = ["training", "single images, %", "assigned, %", "95 % interval", "wrong"]
    heads += ["gain over the first row, points", "cells fully correct, %", "minutes a fold"]
    return "\n".join(
        [
            "# Ways to train a network for the Q-bands",
            "",
            "StripNet on the Padova cells, split `cells`, one seed; every cell is tested once, by "
            "networks that never saw it. Intervals are bootstrapped over cells. The last weights "
            "are tested; validation cells only calibrate.",
            "",
            markdown_grid(heads, lines),
            "",
            f"{len(suspects)} images are assigned to the same wrong class in every row, so that "
            f"their labels are suspect: {', '.join(suspects) or 'none'}.",
            "",
            "```sh",
            command,
            "```",
            "",
            f"Commit `{commit}`.",
            "",
        ]
    )


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
    page = describe(rows, suspects, command=command, commit=commit)
    write_json(arguments.out / "qband.json", {"rows": rows, "commit": commit})
    write_text(
        arguments.out / "qband.md",
        page + ("\n" + notes.read_text("utf-8") if notes.is_file() else ""),
    )


if __name__ == "__main__":
    main()
