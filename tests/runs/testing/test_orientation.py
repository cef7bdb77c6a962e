from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from configs.stripnet import get_config
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.testing import orientation
from superxception_jax.runs.testing.orientation import measure_orientation
from tests.runs.samples import MALE, cells


def outputs_of(labels: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """Return the log-probabilities f32[N,48] of a network that is right, and sure."""
    shares = np.full((len(labels), 48), 1e-6)
    shares[np.arange(len(labels)), labels + 24 * turned] = 1.0
    return np.log(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def test_only_turned_images_are_predicted_once_more(monkeypatch):
    counts = []

    def predict(_setup, _variables, pixels, *, bar):
        assert bar is None
        counts.append(pixels.shape[0])
        return outputs_of(MALE[2:], pixels.turned)

    monkeypatch.setattr(orientation, "predict_images", predict)
    config = get_config("smoke")
    setup: Any = SimpleNamespace(experiment=build_experiment(config), oriented=True)
    assert setup.experiment.polarity == "read"
    # Of two images it isn't known which end is up.
    images = dataclasses.replace(cells(MALE), upright=np.arange(46) >= 2)
    outputs = outputs_of(MALE, np.zeros(46, int))
    outputs[2] = np.roll(outputs[2], 1)
    outputs[3] = np.roll(outputs[3], 24)
    metrics = measure_orientation(setup, {}, images, outputs)
    assert metrics is not None
    assert counts == [44]
    assert metrics["upright"].accuracy == pytest.approx(43 / 44)
    assert metrics["upright"].polarity_accuracy == pytest.approx(43 / 44)
    assert vars(metrics["turned_at_random"]) == {"accuracy": 1.0, "polarity_accuracy": 1.0}


def test_nothing_is_measured_where_no_image_is_known_to_be_upright():
    setup: Any = SimpleNamespace(experiment=build_experiment(get_config("smoke")), oriented=True)
    images = dataclasses.replace(cells(MALE), upright=np.zeros(46, bool))
    assert measure_orientation(setup, {}, images, outputs_of(MALE, np.zeros(46, int))) is None
