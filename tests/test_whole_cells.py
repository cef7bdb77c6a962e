"""The network for whole cells on cells that can't be read chromosome by chromosome."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from quick import QUICK

from configs.stripnet import get_config
from superxception_jax.cell_context import (
    STRENGTHS,
    ContextSettings,
    context_values,
    train_context,
)
from superxception_jax.context_reading import ReadImages, read_splits
from superxception_jax.data.cells import CellDraws
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.context_report import context_markdown
from superxception_jax.experiment import build_experiment
from superxception_jax.setup import predict_part, set_up

SETTINGS = ContextSettings(
    width=16,
    layers=1,
    heads=4,
    dropout_rate=0.0,
    steps=150,
    learning_rate=1e-2,
    weight_decay=0.0,
    draws=CellDraws(0.0, 0.0, incomplete_share=0.0, gained_share=0.0),
    seed=0,
)


def cells_of_unknown_size(count, seed):
    """Make cells of 46 in which only the size beside the others tells class 1 from class 2.

    Chromosome 1 is longer than 2, but cells differ in size by more than that. All others are
    known for certain.
    """
    generator = np.random.default_rng(seed)
    labels = np.tile(np.repeat(np.arange(23), 2), count).astype(np.int32)
    size = np.repeat(generator.normal(0.0, 3.0, count), 46)
    longer = np.where(labels == 0, 0.5, np.where(labels == 1, -0.5, 0.0))
    seen = size + longer
    scale = np.full(len(labels), 9.0)
    features = np.stack([seen, -seen, scale, -scale], axis=1)
    log_probabilities = np.full((len(labels), 24), -12.0)
    log_probabilities[np.arange(len(labels)), labels] = 0.0
    log_probabilities[labels < 2, :2] = np.log(0.5)
    names = np.array([str(index) for index in range(len(labels))])
    cells = np.repeat([f"{seed}-{number}" for number in range(count)], 46)
    part = Chromosomes(
        images=np.zeros((len(labels), 8, 8, 1), np.uint8),
        labels=labels,
        cells=cells,
        cases=cells,
        names=names,
        lengths_px=np.ones(len(labels), np.float32),
    )
    return ReadImages(
        features[None].astype(np.float32), log_probabilities[None].astype(np.float32), part
    )


@pytest.fixture(scope="module")
def read():
    return {
        split: cells_of_unknown_size(count, seed)
        for seed, (split, count) in enumerate({"train": 24, "validation": 6, "test": 6}.items())
    }


@pytest.fixture(scope="module")
def experiment():
    config = get_config("smoke")
    config.model.implementation = "plain"
    return build_experiment(config)


def test_what_no_image_shows_is_read_from_the_cell(read, experiment):
    class Stub:
        pass

    setup = Stub()
    setup.experiment = experiment
    losses = []
    predict = train_context(read, settings=SETTINGS, advance=losses.append)
    assert len(losses) == SETTINGS.steps
    found = predict(read["test"])
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1.0, atol=1e-4)
    unsure = read["test"].part.labels < 2
    right = found.argmax(axis=1) == read["test"].part.labels
    assert right[unsure].mean() > 0.95
    assert right[~unsure].all()
    values = context_values(setup, read, predict)
    assert values["strength"] in STRENGTHS[1:]
    assert values["test"]["context"]["accuracy"] > 0.99 > values["test"]["alone"]["accuracy"]
    assert values["test"]["context"]["loss"] < values["test"]["alone"]["loss"]
    assert values["test"]["context"]["cells"]["entirely_right"] > 0.8
    text = context_markdown({"name": "n", "command": "c", "commit": "d", "runs": [
        {"run": "one", **values}, {"run": "two", **values}]})  # fmt: skip
    rows = [line.split(" | ") for line in text.splitlines() if " | test | " in line]
    assert [row[0] for row in rows] == ["| one"] * 2 + ["| two"] * 2 + ["| mean of the runs"] * 2
    assert rows[1][4:] == rows[3][4:] == rows[5][4:]


def test_a_correction_that_misleads_the_validation_cells_counts_nothing(read, experiment):
    class Stub:
        pass

    setup = Stub()
    setup.experiment = experiment

    def mislead(images):
        return np.roll(images.log_probabilities[0], 1, axis=1)

    values = context_values(setup, read, mislead)
    assert values["strength"] == 0.0
    assert values["test"]["context"] == values["test"]["alone"]


def test_images_are_read_as_the_run_reads_them(experiment, tmp_path):
    setup = set_up(dataclasses.replace(experiment, data_dir=tmp_path))
    few = {split: part.take(np.arange(3)) for split, part in setup.parts.items()}
    # The test images once more, upside down.
    both_ways = few["test"].take(np.array([0, 1, 2, 0, 1, 2]))
    both_ways.images[3:] = both_ways.images[3:, ::-1, ::-1].copy()
    setup = dataclasses.replace(setup, parts={**few, "test": both_ways})
    images = jnp.zeros((1, experiment.input_px, experiment.input_px, 1))
    variables = jax.jit(
        lambda key: setup.model.init(key, images, train=False), compiler_options=QUICK
    )(setup.key)
    read = read_splits(setup, variables, passes=1, seed=0)
    assert {split: len(one.features) for split, one in read.items()} == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }
    train, test = read["train"], read["test"]
    outputs = predict_part(setup, variables, train.part, bar=None)
    # A temperature keeps the order of the classes.
    np.testing.assert_array_equal(
        np.argsort(train.log_probabilities[0], axis=1)[:, -3:], np.argsort(outputs, axis=1)[:, -3:]
    )
    assert np.abs(train.features[1] - train.features[0]).max() > 1e-4
    np.testing.assert_allclose(test.features[0, 3:], test.features[0, :3], atol=1e-4)
