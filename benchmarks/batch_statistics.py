"""Measure what the running statistics of BatchNorm cost a run, with the same parameters.

Its network reads the validation images with the statistics that it has kept while it trained, with
those of training images, computed again for its parameters of now, and with those of each batch of
32 validation images itself. The last reads an image differently beside other images, so it is no
way to use a network. The run may be stopped in the middle. Writes `batch_statistics.md`.

Example:
  python benchmarks/batch_statistics.py --workdir=runs/paper/xception-seed0-fold0
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from tqdm import tqdm

from benchmarks.page import made_by
from superxception_jax.commands import run_guarded
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.evaluation.metrics import compute_metrics
from superxception_jax.files import check_writable, write_text
from superxception_jax.keys import key_for
from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.inference import to_unit_range
from superxception_jax.models.precision import apply_network
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.lock import locked_run
from superxception_jax.runs.network import make_network
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.run import split_choice
from superxception_jax.runs.setup import Setup, set_up
from superxception_jax.runs.testing.predicting import predict_split
from superxception_jax.runs.workdir import CONFIG_FILE, holds_run, load_config
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST, LATEST, Checkpoints

BATCH_SIZE = 32
# (variables, images u8[B,S,S,1]) → log-probabilities f32[B,24], statistics of the batch.
ReadBatch = Callable[[Any, jax.Array], tuple[jax.Array, Any]]
Row = tuple[str, int, float, float]


def make_read_batch(setup: Setup) -> ReadBatch:
    """Return a compiled function that reads a batch with the statistics of its own images.

    Args:
        setup: Setup of the run.

    Raises:
        ValueError: The network has no BatchNorm, or reads orientations.
    """
    experiment = setup.experiment
    classifier = experiment.model["classifier"]
    if "momentum" not in classifier:
        raise ValueError(f"`--workdir` must be of a network with BatchNorm, got {experiment.name}.")
    if experiment.polarity != "given":
        raise ValueError(
            "`--workdir` must be of a run with `model.polarity=given`, got "
            f"{experiment.polarity}; choose another."
        )
    # Without a memory, the statistics that a step keeps are those of its batch.
    changes = {"momentum": 0.0, "dropout_rate": 0.0}
    options = {**experiment.model, "classifier": {**classifier, **changes}}
    model = make_network(dataclasses.replace(experiment, model=options), setup.mesh)

    def read(variables: Any, images: jax.Array) -> tuple[jax.Array, Any]:
        inputs = enlarge(to_unit_range(images), size_px=experiment.input_px)
        logits, kept = apply_network(
            model,
            variables,
            inputs,
            precision=experiment.precision,
            train=True,
            mutable=["batch_stats"],
        )
        return jax.nn.log_softmax(logits), kept["batch_stats"]

    platform = setup.mesh.devices.flat[0].platform
    return jax.jit(read, compiler_options=compilation.compiler_options(platform))


def batches(setup: Setup, part: Chromosomes, *, most: int) -> list[np.ndarray]:
    """Return the places of images in random batches of `BATCH_SIZE`, as in training.

    Args:
        setup: Setup of the run.
        part: Images, at least one batch.
        most: Number of images at most.
    """
    key = key_for(setup.key, "batch_statistics")
    order = np.asarray(jax.random.permutation(key, len(part.labels)))
    count = min(most, len(order)) // BATCH_SIZE
    if not count:
        raise ValueError(f"There must be at least {BATCH_SIZE} images, got {len(order)}.")
    return np.split(order[: count * BATCH_SIZE], count)


def fresh_statistics(
    setup: Setup, variables: Any, read: ReadBatch, *, most: int, advance: Callable[[int], object]
) -> Any:
    """Return statistics of training images for the parameters as they are.

    Args:
        setup: Setup of the run.
        variables: `params` and `batch_stats`.
        read: See `make_read_batch`.
        most: Number of training images at most.
        advance: Called with the number of images of each batch.

    Returns:
        Means and variances over the images of all batches, the `batch_stats` of a network.

    Source: Wu and Johnson, "Rethinking Batch in BatchNorm", 2021, section 3.
    """
    train = setup.splits["train"]
    found: list[dict[tuple[str, ...], np.ndarray]] = []
    for places in batches(setup, train, most=most):
        images = compilation.place_batch(train.images[places], setup.mesh)
        found.append(flatten_dict(jax.device_get(read(variables, images)[1])))
        advance(len(places))
    by_batch = {path: np.stack([one[path] for one in found]) for path in found[0]}
    pooled = {path: values.mean(axis=0) for path, values in by_batch.items()}
    for path in pooled:
        if path[-1] == "var":
            # The variance over all images is that within batches and that of their means.
            pooled[path] += by_batch[(*path[:-1], "mean")].var(axis=0)
    return compilation.place_replicated(unflatten_dict(pooled), setup.mesh)


def measure(setup: Setup, variables: Any, *, most: int, bar: tqdm) -> list[Row]:
    """Return statistics, images, accuracy and loss of the validation images, a row each.

    Args:
        setup: Setup of the run.
        variables: `params` and `batch_stats`.
        most: Number of training images at most.
        bar: Progress bar over images.
    """
    read, part = make_read_batch(setup), setup.splits["validation"]
    fresh = fresh_statistics(setup, variables, read, most=most, advance=bar.update)
    outputs = {
        "running averages of the training": predict_split(setup, variables, part, bar=bar),
        "of training images, computed again": predict_split(
            setup, {**variables, "batch_stats": fresh}, part, bar=bar
        ),
    }
    rows = [_row(name, found, part.labels) for name, found in outputs.items()]
    chosen, own = batches(setup, part, most=len(part.labels)), []
    for places in chosen:
        own.append(read(variables, compilation.place_batch(part.images[places], setup.mesh))[0])
        bar.update(len(places))
    labels = part.labels[np.concatenate(chosen)]
    return [*rows, _row("of each validation batch itself", np.concatenate(own), labels)]


def _row(name: str, outputs: np.ndarray, labels: np.ndarray) -> Row:
    metrics = compute_metrics(outputs, labels)
    return name, metrics.count, metrics.accuracy, metrics.loss


def load_setup(workdir: Path) -> Setup:
    """Return the setup of a run, on the split that it has stored.

    Args:
        workdir: Run folder.

    Raises:
        FileNotFoundError: It is none.
        ValueError: Its images have changed.
    """
    if not holds_run(workdir):
        raise FileNotFoundError(
            f"`--workdir` must be a run folder with {CONFIG_FILE}, got `{workdir}`."
        )
    experiment = build_experiment(load_config(workdir))
    choose = split_choice(
        experiment, workdir, needed=("train", "validation"), use_stored_split=False
    )
    return set_up(experiment, choose_split=choose)


def main() -> None:
    """Measure the run that the flags name."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workdir", type=Path, required=True, help="Run folder.")
    parser.add_argument("--checkpoint", choices=(LATEST, BEST), default=LATEST)
    parser.add_argument("--images", type=int, default=1024, help="Training images at most.")
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    check_writable(arguments.out, name="--out")
    setup = load_setup(arguments.workdir)
    checkpoints = arguments.workdir / "checkpoints"
    with locked_run(arguments.workdir), Checkpoints(checkpoints) as opened:
        step = opened.step(arguments.checkpoint)
        variables = opened.load_variables(arguments.checkpoint, setup.abstract_state.variables)
    with tqdm(unit=" images") as bar:
        rows = measure(setup, variables, most=arguments.images, bar=bar)
    experiment = setup.experiment
    command = f"python benchmarks/batch_statistics.py --workdir={arguments.workdir}"
    command += "".join(
        f" --{name}={value}"
        for name, value in vars(arguments).items()
        if name in ("checkpoint", "images") and value != parser.get_default(name)
    )
    page = "\n".join(
        [
            "# What the running statistics of BatchNorm cost",
            "",
            f"The {arguments.checkpoint} checkpoint of `{experiment.name}:{experiment.preset}`, "
            f"after {step:,} steps ({setup.steps_per_epoch:,} an epoch), reads the validation "
            "images with the same parameters and three kinds of statistics.",
            "",
            markdown_grid(
                ["statistics", "images", "accuracy, %", "loss"],
                [
                    [name, str(count), f"{100 * accuracy:.2f}", f"{loss:.3f}"]
                    for name, count, accuracy, loss in rows
                ],
            ),
            "",
            *made_by(command, commit=describe_provenance().commit or "unknown"),
        ]
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(write_text(arguments.out / "batch_statistics.md", page))


if __name__ == "__main__":
    run_guarded(main)
