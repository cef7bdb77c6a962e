"""Images at two resolutions, to pretrain the super-resolution stack and to evaluate it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from superxception_jax.data.source import Chromosomes
from superxception_jax.data.stored_images import Images
from superxception_jax.evaluation.predict import predict_all
from superxception_jax.evaluation.restoration_quality import restoration_quality
from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.inference import Predict, to_unit_range
from superxception_jax.models.precision import apply_network, exact_products
from superxception_jax.runs.setup import Setup
from superxception_jax.runs.split.split_data import load_everything
from superxception_jax.training import compile as compilation

# Images whose restored versions are in memory at a time.
_BLOCK = 1024


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Images at two resolutions.

    Attributes:
        canvases: u8[N,S,S,1], images on the canvas.
        targets: u8[N,P,P,1], the same images at the side of the classifier's input.
        names: str[N], names of the images.
    """

    canvases: Images
    targets: Images
    names: np.ndarray

    def take(self, indices: np.ndarray) -> Pairs:
        """Return some of the pairs, read into memory.

        Args:
            indices: i64[M], their indices.
        """
        return Pairs(self.canvases[indices], self.targets[indices], self.names[indices])


def load_pairs(setup: Setup, parts: Mapping[str, Chromosomes]) -> dict[str, Pairs]:
    """Load the long chromosomes, on the canvas and at high resolution.

    Args:
        setup: Setup of a run with the super-resolution stack.
        parts: Images by split.

    Returns:
        Pairs by split, both drawn from the raw crops, possibly none: only images whose axis is
        longer than the canvas, as a choice of ours. Where lengths are relative to the cell, shorter
        chromosomes are shrunk as well.
    """
    experiment = setup.experiment
    fine = dataclasses.replace(
        experiment.normalization, image_px=experiment.model["super_resolution"]["enlarged_px"]
    )
    targets = load_everything(dataclasses.replace(experiment, normalization=fine), setup.builders)
    places = {name: place for place, name in enumerate(targets.names.tolist())}
    pairs = {}
    for split, part in parts.items():
        longer = part.lengths_px > experiment.normalization.image_px
        chosen = part.take(longer)
        # By name: a run keeps its split when the data set has grown.
        found = np.array([places[name] for name in chosen.names.tolist()], np.int64)
        pairs[split] = Pairs(
            canvases=chosen.images, targets=targets.take(found).images, names=chosen.names
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
    errors: list[np.ndarray] = []
    reference: list[np.ndarray] = []
    for restored, bicubic, truth in restore_blocks(
        setup, variables, pairs, restoration=restoration
    ):
        for images, kept in ((restored, errors), (bicubic, reference)):
            kept.append(np.square(images - truth).mean(axis=(1, 2, 3)))
    found = np.concatenate(errors)
    closer = found < np.concatenate(reference)
    return {"loss": float(found.mean()), "accuracy": float(closer.mean())}


def measure_quality(
    setup: Setup, variables: Mapping[str, Any], pairs: Pairs, *, restoration: Predict
) -> dict[str, float | int]:
    """Return how similar restored images are to the true crops, see `restoration_quality`.

    Args:
        setup: Setup of the run.
        variables: `params` that include those of the stack.
        pairs: N canvases and targets, N at least 1.
        restoration: Function returned by `compile_restoration`.
    """
    parts = [
        restoration_quality(*block)
        for block in restore_blocks(setup, variables, pairs, restoration=restoration)
    ]
    counts = [part["images"] for part in parts]
    means = {
        name: float(np.average([part[name] for part in parts], weights=counts)) for name in parts[0]
    }
    return means | {"images": sum(counts)}


def compile_restoration(setup: Setup) -> Predict:
    """Return the compiled super-resolution stack and bicubic enlargement in one function.

    Args:
        setup: Setup of the run.

    Returns:
        A function from variables and canvases u8[B,S,S,1] to f32[B,P,P,2], the output of the stack
        and the bicubic enlargement. Each call of this function compiles again: call it once a run.
    """
    input_px, precision = setup.experiment.input_px, setup.experiment.precision
    target_px = setup.experiment.model["super_resolution"]["enlarged_px"]

    def both(variables, canvases):
        pixels = to_unit_range(canvases)
        inputs = enlarge(pixels, size_px=input_px)
        with exact_products(precision):
            enhanced: Any = apply_network(
                setup.model, variables, inputs, precision=precision, method="enhance"
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
        place=functools.partial(compilation.place_chosen, mesh=setup.mesh),
        batch_sizes=(setup.experiment.evaluation_batch_size,),
        advance=lambda count: None,
    )
    truth = pairs.targets[:].astype(np.float32) / 255.0
    return outputs[..., :1], outputs[..., 1:], truth


def restore_blocks(
    setup: Setup, variables: Mapping[str, Any], pairs: Pairs, *, restoration: Predict
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield what `restore` returns, for as many images as the memory holds with ease.

    Args:
        setup: Setup of the run.
        variables: `params` that include those of the stack.
        pairs: N canvases and targets, N at least 1.
        restoration: Function returned by `compile_restoration`.

    Yields:
        Restored images, bicubically enlarged canvases, and true crops.
    """
    batch_size = setup.experiment.evaluation_batch_size
    block = -(-_BLOCK // batch_size) * batch_size
    for start in range(0, len(pairs.names), block):
        yield restore(
            setup,
            variables,
            pairs.take(np.arange(start, min(start + block, len(pairs.names)))),
            restoration=restoration,
        )
