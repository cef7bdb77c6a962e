"""The temperature of a network is that of the data set of which it is least certain."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from superxception_jax.data.source import Chromosomes
from superxception_jax.karyotyping.calibration import fit_temperature
from superxception_jax.runs.testing import calibrated


def validation(counts: dict[str, int]) -> Chromosomes:
    count = sum(counts.values())
    generator = np.random.default_rng(0)
    names = np.array([str(number) for number in range(count)])
    return Chromosomes(
        images=np.zeros((count, 1, 1, 1), np.uint8),
        labels=generator.integers(0, 24, count).astype(np.int32),
        cells=names,
        cases=names,
        names=names,
        lengths_px=np.ones(count, np.float32),
        hashes=names,
        upright=np.ones(count, bool),
        sources=np.repeat(list(counts), list(counts.values())),
    )


def outputs_for(images: Chromosomes, right: dict[str, float]) -> np.ndarray:
    """Return log-probabilities of equal certainty, of which a share is right in each data set."""
    generator = np.random.default_rng(1)
    shares = np.array([right[source] for source in images.sources.tolist()])
    hit = generator.random(len(shares)) < shares
    told = np.where(hit, images.labels, (images.labels + 1) % 24)
    logits = 4.0 * np.eye(24)[told]
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


def fitted(monkeypatch, counts: dict[str, int], right: dict[str, float]):
    """Return the temperature of the network, and that of each data set by itself."""
    images = validation(counts)
    outputs = outputs_for(images, right)
    monkeypatch.setattr(calibrated, "predict_images", lambda *_, **__: outputs)
    monkeypatch.setattr(calibrated, "classes_of", lambda _, outputs, __: outputs)
    setup: Any = SimpleNamespace(
        splits={"validation": images},
        class_shares=np.full(24, 1 / 24),
        experiment=SimpleNamespace(polarity="given", start_counts=False),
    )
    temperature = calibrated.fit_calibration(setup, {}).temperature
    alone = {}
    for source in counts:
        part = images.sources == source
        alone[source] = fit_temperature(outputs[part], images.labels[part])
    return temperature, alone, fit_temperature(outputs, images.labels)


def test_no_data_set_looks_more_certain_than_it_is(monkeypatch):
    temperature, alone, _ = fitted(monkeypatch, {"a": 400, "b": 100}, {"a": 0.99, "b": 0.7})
    assert alone["b"] > 1.3 * alone["a"]
    assert temperature == alone["b"]


def test_a_data_set_of_a_few_images_does_not_decide(monkeypatch):
    temperature, alone, _ = fitted(monkeypatch, {"a": 400, "b": 19}, {"a": 0.99, "b": 0.5})
    assert temperature == alone["a"]


def test_several_small_data_sets_decide_together(monkeypatch):
    temperature, _, together = fitted(monkeypatch, {"a": 15, "b": 15}, {"a": 0.9, "b": 0.9})
    assert temperature == together


def test_too_few_images_change_nothing(monkeypatch):
    temperature, *_ = fitted(monkeypatch, {"a": 19}, {"a": 0.8})
    assert temperature == 1.0


@pytest.mark.parametrize("count", [20, 200])
def test_a_single_data_set_is_fitted_as_a_whole(monkeypatch, count):
    temperature, alone, together = fitted(monkeypatch, {"a": count}, {"a": 0.8})
    assert temperature == alone["a"] == together


@pytest.mark.parametrize(("rare", "assigned"), [(1 / 24, 0), (0.002, 1)])
def test_the_shares_of_the_training_are_no_evidence_for_a_class(rare, assigned):
    images = validation({"a": 1})
    shares = np.full(24, (1 - rare) / 23)
    shares[1] = rare
    setup: Any = SimpleNamespace(
        experiment=SimpleNamespace(split=SimpleNamespace(protocol="cells"))
    )
    outputs = np.full((1, 24), np.log(0.1 / 22), np.float32)
    outputs[0, :2] = np.log([0.6, 0.3])
    found, withheld = calibrated.calibrated_predictions(setup, images, outputs, 1.0, shares)
    assert (found.predicted.tolist(), withheld) == ([0], "")
    assert found.assigned is not None
    assert found.assigned.tolist() == [assigned]
