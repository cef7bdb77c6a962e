"""Images at two resolutions, to pretrain the super-resolution stack and to evaluate it."""

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
from superxception_jax.models.precision import apply_network
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.setup import Setup
from superxception_jax.runs.split_data import load_everything
from superxception_jax.training import compile as compilation


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Images at two resolutions.

    Attributes:
        canvases: u8[N,S,S,1], images on the canvas.
        targets: u8[N,P,P,1], the same images at the side of the classifier's input.
        names: str[N], names of the images.
    """

    canvases: np.ndarray
    targets: np.ndarray
    names: np.ndarray


def load_pairs(experiment: Experiment, parts: Mapping[str, Chromosomes]) -> dict[str, Pairs]:
    """Load the images that lose resolution on the canvas, on the canvas and at high resolution.

    Args:
        experiment: Experiment with the super-resolution stack.
        parts: Images by split.

    Returns:
        Pairs by split, both drawn from the raw crops, possibly none: only images whose axis is
        longer than the canvas, because the others have no detail to restore.
    """
    fine = dataclasses.replace(
        experiment.normalization, image_px=experiment.model["super_resolution"]["enlarged_px"]
    )
    targets = load_everything(dataclasses.replace(experiment, normalization=fine))
    places = {name: place for place, name in enumerate(targets.names.tolist())}
    pairs = {}
    for split, part in parts.items():
        longer = part.lengths_px > experiment.normalization.image_px
        pairs[split] = Pairs(
            canvases=part.images[longer],
            # By name: a run keeps its split when the data set has grown.
            targets=targets.images[[places[name] for name in part.names[longer].tolist()]],
            names=part.names[longer],
        )
    return pairs


def measure_errors(
    setup: Setup, variables: Mapping[str, Any], pairs: Pairs, *, restoration: Predict
) -> dict[str, float]:
    """Return how well the super-resolution stack restores images.

    Args:
        setup: Setup of the run.
        variables: `params` that include those of the stack.
        pairs: Canvases and targets.
        restoration: Function returned by `compile_restoration`.

    Returns:
        `loss`, the mean squared error, and `accuracy`, the share of the images that are closer to
        the truth than bicubic enlargement.
    """
    restored, bicubic, truth = restore(setup, variables, pairs, restoration=restoration)
    errors, reference = (
        np.square(images - truth).mean(axis=(1, 2, 3)) for images in (restored, bicubic)
    )
    return {"loss": float(errors.mean()), "accuracy": float((errors < reference).mean())}


def compile_restoration(setup: Setup) -> Predict:
    """Return the compiled super-resolution stack and bicubic enlargement in one function.

    Args:
        setup: Setup of the run.

    Returns:
        A function from variables and canvases u8[B,S,S,1] to f32[B,P,P,2], the output of the stack
        and the bicubic enlargement. Each call of this function compiles again: call it once a run.
    """
    input_px = setup.experiment.input_px
    target_px = setup.experiment.model["super_resolution"]["enlarged_px"]

    def both(variables, canvases):
        pixels = to_unit_range(canvases)
        inputs = enlarge(pixels, size_px=input_px)
        enhanced: Any = apply_network(
            setup.model,
            variables,
            inputs,
            precision=setup.experiment.precision,
            method="enhance",
        )
        # Concatenated, because a prediction is one array per batch.
        return jnp.concatenate([enhanced, enlarge(pixels, size_px=target_px)], axis=-1)

    return compilation.compile_predict(both, setup.mesh)


def restore(
    setup: Setup, variables: Mapping[str, Any], pairs: Pairs, *, restoration: Predict
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the images restored by the super-resolution stack and by bicubic enlargement.

    Args:
        setup: Setup of the run.
        variables: `params` that include those of the stack.
        pairs: N canvases and targets, N at least 1.
        restoration: Function returned by `compile_restoration`.

    Returns:
        Three f32[N,P,P,1]: outputs of the stack, bicubically enlarged canvases, and true crops.
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
