"""How well a network of a run tells which end of a chromosome is up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from superxception_jax.data.source import Chromosomes
from superxception_jax.data.stored_images import TurnedImages
from superxception_jax.karyotyping.polarity import separate_polarity
from superxception_jax.runs.results import PolarityMetrics
from superxception_jax.runs.setup import Setup
from superxception_jax.runs.testing.predicting import predict_images


def measure_orientation(
    setup: Setup, variables: Mapping[str, Any], images: Chromosomes, outputs: np.ndarray
) -> dict[str, PolarityMetrics] | None:
    """Return how well class and orientation are predicted; None if that is not, or can't be told.

    Upright images are classified with the config's share of turned images, images turned at
    random with one half.

    Args:
        setup: Setup of the run.
        variables: `params` and `batch_stats`.
        images: Tested images; those that may be any way up are left out.
        outputs: What `predict_images` returned for them.
    """
    outputs, images = outputs[images.upright], images.take(images.upright)
    if setup.experiment.polarity == "given" or not setup.oriented or len(images.labels) == 0:
        return None
    turned = np.random.default_rng(setup.experiment.seed).random(len(images.labels)) < 0.5
    mixed = predict_images(setup, variables, TurnedImages(images.images, turned), bar=None)
    metrics = {}
    for name, found, truth, share in (
        ("upright", outputs, np.zeros_like(turned), setup.experiment.turned_share),
        ("turned_at_random", mixed, turned, 0.5),
    ):
        classes, probability = separate_polarity(found, turned_share=share)
        metrics[name] = PolarityMetrics(
            accuracy=float((classes.argmax(axis=1) == images.labels).mean()),
            polarity_accuracy=float(((probability > 0.5) == truth).mean()),
        )
    return metrics
