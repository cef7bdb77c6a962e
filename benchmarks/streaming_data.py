"""The data sets of `streaming.py`: variants of a few synthetic cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from configs import stripnet
from superxception_jax.data.builders import make_builder
from superxception_jax.data.prepared_files import PreparedFiles, prepared_files, store_cells
from superxception_jax.data.source import Chromosomes
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.split.split_data import load_everything

CELL_IMAGES, BASE_CELLS, BATCH, SEED = 46, 200, 64, 0


def make_experiment(folder: Path, *, cells: int, memory_share: float) -> Experiment:
    """Return the experiment: a small StripNet on synthetic cells."""
    config = stripnet.get_config("smoke")
    config.update_from_flattened_dict(
        {
            "data.data_dir": str(folder / "data"),
            "data.ideogram_cells": cells,
            "data.memory_share": memory_share,
            "model.width_multiplier": 0.1,
            "model.test_views": "one",
            "training.batch_size": BATCH,
            "training.checkpoint_every_steps": 1_000_000,
            "training.log_every_steps": 50,
            "evaluation.batch_size": BATCH,
        }
    )
    return build_experiment(config)


def store_variants(folder: Path, *, cells: int) -> PreparedFiles:
    """Write a data set of variants of the base cells, if it is missing, and return its files."""
    experiment = make_experiment(folder, cells=cells, memory_share=0.0)
    builder = make_builder(
        experiment.dataset,
        dataset_options=experiment.data_sets[experiment.dataset],
        data_dir=experiment.data_dir,
        manual_dir="",
    )
    files = prepared_files(
        builder.info.full_name,
        dataset=experiment.dataset,
        data_dir=experiment.data_dir,
        normalization=experiment.normalization,
        archive=builder.archive,
    )
    if files.index.exists():
        return files
    base = load_everything(make_experiment(folder, cells=BASE_CELLS, memory_share=1.0))
    variants = draw_variants(base, cells=cells)
    store_cells(files, tqdm(variants, total=cells, desc="writing", unit=" cells"))
    return files


def draw_variants(base: Chromosomes, *, cells: int) -> Iterator[dict[str, Any]]:
    """Yield cells that repeat those of a data set with random shifts, gains and noise.

    Args:
        base: Data set in memory.
        cells: Number of cells.

    Yields:
        The fields of `Chromosomes` for a cell.
    """
    starts = np.flatnonzero(np.r_[True, base.cells[1:] != base.cells[:-1]])
    members = np.split(np.arange(len(base.labels)), starts[1:])
    for number in range(cells):
        part = base.take(members[number % len(members)])
        count, name = len(part.labels), f"{number:06d}"
        generator = np.random.default_rng([SEED, number])
        pixels = np.roll(part.images[:], generator.integers(-2, 3, 2), axis=(1, 2))
        gains = generator.uniform(0.85, 1.15, (count, 1, 1, 1)).astype(np.float32)
        noise = generator.integers(-6, 7, pixels.shape, np.int16)
        changed = np.clip(pixels * gains + noise, 0, 255).astype(np.uint8)
        yield vars(part) | {
            # Noise on the chromosome only: the background of a canvas is 0.
            "images": np.where(pixels > 0, changed, np.uint8(0)),
            "cells": np.full(count, name),
            "cases": np.full(count, name),
            "names": np.array([f"{name} {index:02d}" for index in range(count)]),
            "hashes": np.array([f"{one:016x}" for one in generator.integers(2**63, size=count)]),
        }
