"""Draw what the super-resolution stack of a run makes of synthetic chromosomes.

The run may be one on images that must not be published; the picture, of cells that this program
draws, may be. Prints PSNR and SSIM of the synthetic chromosomes that are longer than the canvas.

Example:
  python benchmarks/restoration.py --workdir=runs/paper/super_xception-seed0-fold0
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matplotlib.figure import Figure

from superxception_jax.commands import run_guarded
from superxception_jax.evaluation.plots import save_figure
from superxception_jax.files import check_writable
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.lock import locked_run
from superxception_jax.runs.restoration import (
    compile_restoration,
    load_pairs,
    measure_quality,
    restore,
)
from superxception_jax.runs.setup import Setup, load_best, set_up
from superxception_jax.runs.testing.report_figures import choose_restored, draw_restoration
from superxception_jax.runs.workdir import CONFIG_FILE, holds_run, load_config
from superxception_jax.training.checkpoint import Checkpoints

CELLS = 10  # of which two are tested


def synthetic_setup(workdir: Path, data_dir: str) -> Setup:
    """Return the setup of a run's network on synthetic Q-banded cells.

    Args:
        workdir: Run folder.
        data_dir: Folder of the prepared data sets.

    Raises:
        FileNotFoundError: It is none.
        ValueError: Its network has no super-resolution stack.
    """
    if not holds_run(workdir):
        raise FileNotFoundError(
            f"`--workdir` must be a run folder with {CONFIG_FILE}, got `{workdir}`; correct it."
        )
    config = load_config(workdir)
    with config.unlocked():
        config.data.update(dataset="ideogram", ideogram_cells=CELLS, data_dir=data_dir)
        config.split.protocol = "cells"
    setup = set_up(build_experiment(config), trains=False)
    if not hasattr(setup.model, "enhance"):
        raise ValueError(
            "`--workdir` must be of a network with a super-resolution stack, got "
            f"{setup.experiment.name}; choose another."
        )
    return setup


def draw(setup: Setup, variables: Mapping[str, Any]) -> tuple[Figure, dict[str, float | int]]:
    """Return the figure of some test images, and how similar all are to the true crops.

    Args:
        setup: See `synthetic_setup`.
        variables: `params` and `batch_stats` of the run.
    """
    pairs = load_pairs(setup, {"test": setup.splits["test"]})["test"]
    restoration = compile_restoration(setup)
    quality = measure_quality(setup, variables, pairs, restoration=restoration)
    shown = pairs.take(choose_restored(len(pairs.names)))
    restored = restore(setup, variables, shown, restoration=restoration)
    return draw_restoration(*restored, names=shown.names), quality


def main() -> None:
    """Draw the stack of the run that the flags name."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workdir", type=Path, required=True, help="Run folder.")
    parser.add_argument("--data_dir", default="data", help="Folder of the prepared data sets.")
    parser.add_argument("--out", type=Path, default=Path("restored.png"), help="Picture to write.")
    arguments = parser.parse_args()
    check_writable(arguments.out.parent, name="--out")
    setup = synthetic_setup(arguments.workdir, arguments.data_dir)
    checkpoints = arguments.workdir / "checkpoints"
    with locked_run(arguments.workdir), Checkpoints(checkpoints) as opened:
        variables = load_best(setup, opened)
    figure, quality = draw(setup, variables)
    print(", ".join(f"{name} {value:.4g}" for name, value in quality.items()))
    print(save_figure(figure, arguments.out))


if __name__ == "__main__":
    run_guarded(main)
