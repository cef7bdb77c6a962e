"""Train a network for whole cells on top of finished runs, and say what it is worth.

    python launch/context.py --runs=runs/karyotyping/stripnet-seed0-fold0
    python launch/context.py --name=context --runs=runs/…-fold0,runs/…-fold1

A set transformer reads the features of all chromosomes of a cell and corrects the
log-probabilities in front of the exact assignment. It learns from the training cells of each
run, real and put together anew. results/<name>.md and .json hold both readings of all runs.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from absl import flags
from tqdm import tqdm

from superxception_jax.cell_context import (
    BATCH_CELLS,
    ContextSettings,
    context_values,
    train_context,
)
from superxception_jax.cell_reporting import WHOLE_CELLS
from superxception_jax.commands import run_command
from superxception_jax.context_reading import read_splits
from superxception_jax.data.cells import CellDraws
from superxception_jax.evaluation.context_report import context_markdown
from superxception_jax.evaluation.report import write_json, write_text
from superxception_jax.experiment import Experiment, build_experiment
from superxception_jax.provenance import describe_environment
from superxception_jax.run import holds_run, load_config
from superxception_jax.setup import load_best, set_up
from superxception_jax.training.checkpoint import Checkpoints

NAME = flags.DEFINE_string("name", "context", "Name of the files in the results folder.")
RUNS = flags.DEFINE_list("runs", [], "Folders of finished runs, one a fold.")
RESULTS = flags.DEFINE_string("results", "results", "Folder of the results.")
SEED = flags.DEFINE_integer("seed", 0, "Of all draws.", lower_bound=0)
STEPS = flags.DEFINE_integer("steps", 1000, f"Of {BATCH_CELLS} cells each.", lower_bound=1)
WIDTH = flags.DEFINE_integer("width", 64, "Of the tokens, a multiple of 4.", lower_bound=4)
LAYERS = flags.DEFINE_integer("layers", 2, "Of attention; 0: each alone.", lower_bound=0)
DROPOUT = flags.DEFINE_float("dropout", 0.3, "Rate.", lower_bound=0.0, upper_bound=0.95)
RATE = flags.DEFINE_float("learning_rate", 1e-3, "Peak rate.", lower_bound=0.0)
PASSES = flags.DEFINE_integer("passes", 4, "Augmented copies.", lower_bound=0)
RECOMBINED = flags.DEFINE_float(
    "recombined_share", 0.5, "Of the training cells.", lower_bound=0.0, upper_bound=1.0
)


def main() -> None:
    """Train and test the network for cells on the runs that the flags name."""
    folders = [Path(run).expanduser().absolute() for run in RUNS.value]
    experiments = [_experiment(folder) for folder in folders]
    if not folders:
        raise ValueError("`--runs` must name folders of finished runs, got nothing; add them.")
    if WIDTH.value % 4:
        raise ValueError(f"`--width` must be a multiple of 4, got {WIDTH.value}; correct it.")
    settings = ContextSettings(
        width=WIDTH.value,
        layers=LAYERS.value,
        heads=4,
        dropout_rate=DROPOUT.value,
        steps=STEPS.value,
        learning_rate=RATE.value,
        weight_decay=0.02,
        draws=CellDraws(RECOMBINED.value, 0.5, incomplete_share=0.15, gained_share=0.15),
        seed=SEED.value,
    )
    runs = [
        {"run": folder.name, **_try(folder, experiment, settings)}
        for folder, experiment in zip(folders, experiments, strict=True)
    ]
    environment = describe_environment()
    values = {
        "name": NAME.value,
        "command": shlex.join(["python", *sys.argv]),
        "commit": environment["commit"],
        "runs": runs,
        "environment": environment,
    }
    target = Path(RESULTS.value)
    target.mkdir(parents=True, exist_ok=True)
    text = context_markdown(values)
    print(text)
    print(write_json(target / f"{NAME.value}.json", values))
    print(write_text(target / f"{NAME.value}.md", text))


def _try(folder: Path, experiment: Experiment, settings: ContextSettings) -> dict[str, Any]:
    """Train and test on top of one run."""
    setup = set_up(experiment)
    checkpoints = Checkpoints(folder / "checkpoints")
    try:
        variables = load_best(setup, checkpoints)
    finally:
        checkpoints.close()
    read = read_splits(setup, variables, passes=PASSES.value, seed=SEED.value)
    with tqdm(total=settings.steps, desc=folder.name, unit=" steps") as bar:

        def advance(loss: float) -> None:
            bar.set_postfix_str(f"loss={loss:.3f}", refresh=False)
            bar.update()

        predict = train_context(read, settings=settings, advance=advance)
    return context_values(setup, read, predict)


def _experiment(folder: Path) -> Experiment:
    if not holds_run(folder):
        raise FileNotFoundError(
            f"`--runs` must be folders of finished runs, got `{folder}`; correct the path."
        )
    experiment = build_experiment(load_config(folder))
    if experiment.split["protocol"] not in WHOLE_CELLS:
        raise ValueError(
            f"`--runs` must be runs whose split keeps cells whole, got `{folder}` with the split "
            f"`{experiment.split['protocol']}`; train with --config.split.protocol=cells."
        )
    return experiment


if __name__ == "__main__":
    run_command(main)
