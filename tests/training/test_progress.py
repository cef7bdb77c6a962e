from __future__ import annotations

import json
import math

import pytest

from superxception_jax.training.progress import Progress


@pytest.mark.parametrize(
    ("progress", "stored"),
    [
        (Progress(), {"training_seconds": 0.0}),
        (Progress(training_seconds=0.1 + 0.2), {"training_seconds": 0.1 + 0.2}),
        (
            Progress(training_seconds=1.5, best_validation_loss=0.7, best_step=12),
            {"training_seconds": 1.5, "best_validation_loss": 0.7, "best_step": 12},
        ),
        (
            Progress(training_seconds=1.5, best_validation_loss=0.7),
            {"training_seconds": 1.5, "best_validation_loss": 0.7, "best_step": 0},
        ),
        # The last weights are kept whatever their loss.
        (
            Progress(training_seconds=1.5, best_validation_loss=math.inf, best_step=12),
            {"training_seconds": 1.5, "best_step": 12},
        ),
        (
            Progress(1.5, 0.7, 12, stopped_epoch=4),
            {
                "training_seconds": 1.5,
                "best_validation_loss": 0.7,
                "best_step": 12,
                "stopped_epoch": 4,
            },
        ),
    ],
)
def test_json_round_trip(progress, stored):
    assert progress.to_json() == stored
    read = json.loads(json.dumps(progress.to_json(), allow_nan=False))
    assert Progress.from_json(read) == progress


def test_a_loss_that_is_no_number_is_read_as_infinite():
    stored = Progress(1.5, math.nan, 12).to_json()
    assert Progress.from_json(stored) == Progress(1.5, math.inf, 12)
