"""Runs on small cells whose training is no training: its steps are counted by hand."""

from __future__ import annotations

import numpy as np
from PIL import Image

from configs.stripnet import get_config
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.commands import Interrupted
from superxception_jax.runs import run
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.provenance import Provenance
from superxception_jax.training.checkpoint import Checkpoints
from superxception_jax.training.progress import Progress

SOME = 6  # images of each cell, which are enough to tell cells apart


class Steps:
    """A training whose steps are counted by hand."""

    def __init__(self, monkeypatch):
        self.step: int | None = None
        self.trained: list[list[str]] = []
        self.tested: list[list[str]] = []
        self.finished: list[bool] = []
        self.provenances: list[Provenance] = []
        self.kept_split: list[bool] = []
        self.stop = False

        def train(setup, workdir, checkpoints, *, profile):
            self.trained.append(setup.splits["train"].names.tolist())
            if self.stop:
                raise Interrupted("SIGINT", step=3)
            return Progress()

        def report(setup, workdir, *, variables, split, history, use_stored_split):
            self.tested.append(setup.splits[split].names.tolist())
            self.finished.append(history.finished)
            self.provenances.append(history.evaluation)
            self.kept_split.append(use_stored_split)
            return []

        monkeypatch.setattr(run, "train_network", train)
        monkeypatch.setattr(run, "load_best", lambda setup, checkpoints: {})
        monkeypatch.setattr(run, "write_report", report)
        monkeypatch.setattr(Checkpoints, "step", lambda this, kind: self.step)
        monkeypatch.setattr(Checkpoints, "progress", lambda this, kind: Progress())
        monkeypatch.setattr(Checkpoints, "mend", lambda this, like, *, kept: "")


def add_cell(laboratory, number):
    cell = laboratory / f"cell{number}"
    cell.mkdir(parents=True)
    generator = np.random.default_rng(number)
    for index in range(SOME):
        image = np.zeros((24, 12), np.uint8)
        image[3:-3, 3:-3] = generator.integers(90, 200, (18, 6))
        image[3:-3:17, 3:-3:5] = 0  # A rectangle would be a scale bar.
        Image.fromarray(image).save(cell / f"scan{index} {CLASS_NAMES[index]}.png")


def make_experiment(folder, laboratory, **fields):
    config = get_config("own")
    config.update_from_flattened_dict(
        {
            "data.own_folder": str(laboratory),
            "data.data_dir": str(folder / "data"),
            "normalization.tilt": "keep",
            "normalization.straightening": "none",
            "model.width_multiplier": 0.125,
            "training.batch_size": 4,
            "training.epochs": 2,
            "training.devices": 1,
            **fields,
        }
    )
    return build_experiment(config)


def train(experiment, workdir, **options):
    run.train_and_test(experiment, workdir, overrides={}, **options)
