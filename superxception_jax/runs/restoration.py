"""Pairs of canvases at two resolutions: to teach the super-resolution stack, and to measure it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.predict import predict_all
from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.inference import Predict, to_unit_range
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.setup import Setup, load_splits
from superxception_jax.training import compile as compilation


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Images at two resolutions.

    Attributes:
        canvases: u8[N,S,S,1].
        targets: u8[N,P,P,1], the same drawn at the side of the network's input.
        names: str[N], of the images.
    """

    canvases: np.ndarray
    targets: np.ndarray
    names: np.ndarray


def load_pairs(experiment: Experiment, parts: Mapping[str, Chromosomes]) -> dict[str, Pairs]:
    """Load the images that lose resolution on the canvas, as canvas and at high resolution.

    Args:
        experiment: of a network with the stack.
        parts: its images by split.

    Returns:
        Pairs by split, drawn from the raw crops: only those whose axis is longer than the
        canvas, as the others have no more detail to restore. There may be none.

    Source: ours, because the data hold no other images of high resolution.
    """
    fine = dataclasses.replace(
        experiment.normalization, image_px=experiment.model["super_resolution"]["enlarged_px"]
    )
    targets = load_splits(dataclasses.replace(experiment, normalization=fine))
    pairs = {}
    for split, part in parts.items():
        longer = part.lengths_px > experiment.normalization.image_px
        pairs[split] = Pairs(
            canvases=part.images[longer],
            targets=targets[split].images[longer],
            names=part.names[longer],
        )
    return pairs


def measure_errors(
    setup: Setup, variables: Mapping[str, Any], pairs: Pairs, *, restoration: Predict
) -> dict[str, float]:
    """Measure the mean squared error of restored images.

    Args:
        setup: of the run.
        variables: `params` with those of the stack.
        pairs: canvases and targets.
        restoration: of `compile_restoration`.

    Returns:
        `loss`, the mean squared error, and `accuracy`, the share of the images that are nearer
        to the truth than bicubic enlarging.
    """
    restored, bicubic, truth = restore(setup, variables, pairs, restoration=restoration)
    errors, reference = (
        np.square(images - truth).mean(axis=(1, 2, 3)) for images in (restored, bicubic)
    )
    return {"loss": float(errors.mean()), "accuracy": float((errors < reference).mean())}


def compile_restoration(setup: Setup) -> Predict:
    """Compile the super-resolution stack beside bicubic enlarging.

    Args:
        setup: of the run.

    Returns:
        (variables, canvases u8[B,S,S,1]) → f32[B,P,P,2], to be compiled once a run.
    """
    input_px = setup.experiment.input_px
    target_px = setup.experiment.model["super_resolution"]["enlarged_px"]

    def both(variables, canvases):
        pixels = to_unit_range(canvases)
        inputs = enlarge(pixels, size_px=input_px)
        enhanced: Any = setup.model.apply(variables, inputs, method="enhance")
        # Side by side, because predictions are one array a batch.
        return jnp.concatenate([enhanced, enlarge(pixels, size_px=target_px)], axis=-1)

    return compilation.compile_predict(both, setup.mesh)


def restore(
    setup: Setup, variables: Mapping[str, Any], pairs: Pairs, *, restoration: Predict
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Apply the super-resolution stack.

    Args:
        setup: of the run.
        variables: `params` with those of the stack.
        pairs: N canvases and targets, at least one.
        restoration: of `compile_restoration`.

    Returns:
        Three f32[N,P,P,1]: the stack's output, the canvases bicubically enlarged, and the
        true crops.
    """
    outputs = predict_all(
        pairs.canvases,
        variables=variables,
        predict=restoration,
        place=lambda batch: compilation.place_batch(batch, setup.mesh),
        batch_sizes=(setup.experiment.evaluation_batch_size,),
        advance=lambda count: None,
    )
    truth = pairs.targets.astype(np.float32) / 255.0
    return outputs[..., :1], outputs[..., 1:], truth
