"""Canvases and their true crops belong together, whatever the split of today."""

from __future__ import annotations

import dataclasses
import functools
from types import SimpleNamespace
from typing import Any

import flax.linen as nn
import jax
import numpy as np
import pytest

from configs.super_xception import get_config
from superxception_jax.evaluation.restoration_quality import restoration_quality
from superxception_jax.models.super_resolution import SuperResolution, SuperResolvedClassifier
from superxception_jax.runs import restoration
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.restoration import (
    Pairs,
    compile_restoration,
    load_pairs,
    measure_errors,
    measure_quality,
    restore,
)
from superxception_jax.runs.split.split_data import find_builders, load_everything
from superxception_jax.training.compile import make_mesh
from tests.models.products import exact_products_of, products_of


def test_pairs_are_found_by_name(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    config.data.ideogram_cells = 1
    experiment = build_experiment(config)
    everything = load_everything(experiment)
    longer = np.flatnonzero(everything.lengths_px > experiment.normalization.image_px)
    # A part that no drawn split holds.
    chosen = longer[[5, 0, 3]]
    setup: Any = SimpleNamespace(experiment=experiment, builders=find_builders(experiment))
    pairs = load_pairs(setup, {"some": everything.take(chosen)})["some"]
    np.testing.assert_array_equal(pairs.names, everything.names[chosen])
    np.testing.assert_array_equal(pairs.canvases, everything.images[chosen])
    enlarged_px = experiment.model["super_resolution"]["enlarged_px"]
    fine = dataclasses.replace(experiment.normalization, image_px=enlarged_px)
    targets = load_everything(dataclasses.replace(experiment, normalization=fine))
    np.testing.assert_array_equal(pairs.targets, targets.images[chosen])


def test_restorations_multiply_in_float32_on_every_device():
    stack = SuperResolution((4, 4), "none", "input", "glorot", 0.0, "plain")
    setup: Any = SimpleNamespace(
        # The stack alone: restoring doesn't reach the classifier.
        model=SuperResolvedClassifier(stack, nn.Dense(24), enlarged_px=12),
        mesh=make_mesh(1),
        experiment=SimpleNamespace(
            input_px=12, precision="float32", model={"super_resolution": {"enlarged_px": 12}}
        ),
    )
    inputs = jax.ShapeDtypeStruct((4, 12, 12, 1), np.float32)
    init = functools.partial(setup.model.init, method="enhance")
    variables = jax.eval_shape(init, jax.random.key(0), inputs)
    canvases = jax.ShapeDtypeStruct((4, 8, 8, 1), np.uint8)
    compiled: Any = compile_restoration(setup)
    text = compiled.lower(variables, canvases).as_text()
    assert len(products_of(text)) > 3
    assert exact_products_of(text) == products_of(text)


def test_images_are_restored_in_blocks_to_the_same_measures(monkeypatch):
    generator = np.random.default_rng(0)
    pairs = Pairs(
        canvases=generator.integers(0, 256, (10, 8, 8, 1), np.uint8),
        targets=generator.integers(0, 256, (10, 8, 8, 1), np.uint8),
        names=np.array(list("abcdefghij")),
    )
    setup: Any = SimpleNamespace(
        experiment=SimpleNamespace(evaluation_batch_size=2), mesh=make_mesh(1)
    )

    def both(variables, canvases):
        pixels = np.asarray(canvases, np.float32) / 255
        return np.concatenate([pixels, pixels**2], axis=-1)

    sizes = []

    def count(setup, variables, pairs, *, restoration):
        sizes.append(len(pairs.names))
        return restore(setup, variables, pairs, restoration=restoration)

    restored, bicubic, truth = restore(setup, {}, pairs, restoration=both)
    errors, reference = (np.square(one - truth).mean(axis=(1, 2, 3)) for one in (restored, bicubic))
    monkeypatch.setattr(restoration, "_BLOCK", 3)
    monkeypatch.setattr(restoration, "restore", count)
    assert measure_errors(setup, {}, pairs, restoration=both) == {
        "loss": float(errors.mean()),
        "accuracy": float((errors < reference).mean()),
    }
    # Full batches, so that the last one alone is padded.
    assert sizes == [4, 4, 2]
    quality = measure_quality(setup, {}, pairs, restoration=both)
    assert quality == pytest.approx(restoration_quality(restored, bicubic, truth), rel=1e-12)
    assert quality["images"] == 10
