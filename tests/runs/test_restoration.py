"""Canvases and their true crops belong together, whatever the split of today."""

from __future__ import annotations

import dataclasses

import numpy as np

from configs.super_xception import get_config
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.restoration import load_pairs
from superxception_jax.runs.split_data import load_everything


def test_pairs_are_found_by_name(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    config.data.ideogram_cells = 1
    experiment = build_experiment(config)
    everything = load_everything(experiment)
    longer = np.flatnonzero(everything.lengths_px > experiment.normalization.image_px)
    # A part that no drawn split holds.
    chosen = longer[[5, 0, 3]]
    pairs = load_pairs(experiment, {"some": everything.take(chosen)})["some"]
    np.testing.assert_array_equal(pairs.names, everything.names[chosen])
    np.testing.assert_array_equal(pairs.canvases, everything.images[chosen])
    enlarged_px = experiment.model["super_resolution"]["enlarged_px"]
    fine = dataclasses.replace(experiment.normalization, image_px=enlarged_px)
    targets = load_everything(dataclasses.replace(experiment, normalization=fine))
    np.testing.assert_array_equal(pairs.targets, targets.images[chosen])
