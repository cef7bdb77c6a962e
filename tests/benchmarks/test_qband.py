from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.qband_recipes import CONTRAST_TEMPERATURE, contrastive_loss
from benchmarks.qband_report import name_suspects
from superxception_jax.evaluation.predictions import Predictions


def test_contrastive_loss_is_that_of_its_definition():
    features = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    classes = np.array([0, 1, 0, 1, 0, 1], np.int32)
    directions = features / np.linalg.norm(features, axis=1)[:, None]
    total = 0.0
    for anchor in range(6):
        others = [other for other in range(6) if other != anchor]
        weights = {
            other: math.exp(float(directions[anchor] @ directions[other]) / CONTRAST_TEMPERATURE)
            for other in others
        }
        positives = [other for other in others if classes[other] == classes[anchor]]
        shares = [weights[other] / sum(weights.values()) for other in positives]
        total -= sum(map(math.log, shares)) / len(positives)
    loss = contrastive_loss(jnp.asarray(features), jnp.asarray(classes))
    assert float(loss) == pytest.approx(total / 6, rel=1e-4)


def test_suspects_are_wrong_in_the_same_way_in_every_row():
    def row(*assigned: int) -> tuple[Predictions, float]:
        names = np.array(["a", "b", "c", "d"])
        predictions = Predictions(
            names=names,
            cells=names,
            cases=names,
            labels=np.array([0, 1, 2, 3], np.int32),
            log_probabilities=np.zeros((4, 24), np.float32),
            assigned=np.array(assigned, np.int64),
        )
        return predictions, 0.0

    fold = {"random": row(0, 5, 2, 4), "gband": row(0, 5, 3, 6)}
    assert name_suspects([fold]) == ["`b` (labelled 2, 6)"]
