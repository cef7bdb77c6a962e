"""What the network of a finished run says of single images, for a network of whole cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.data.record import CLASS_NAMES
from superxception_jax.data.source import Chromosomes
from superxception_jax.evaluation.calibration import apply_temperature, fit_temperature
from superxception_jax.evaluation.polarity import separate_polarity
from superxception_jax.evaluation.predict import predict_all
from superxception_jax.keys import key_for
from superxception_jax.models.enlarging import enlarge
from superxception_jax.setup import SPLITS, Setup
from superxception_jax.training import compile as compilation
from superxception_jax.training.augmentation import augment
from superxception_jax.training.steps import to_unit_range


@dataclass(frozen=True)
class ReadImages:
    """What the network for single images says of the images of a split.

    Attributes:
        features: f32[P,N,D], turned upright as far as the network reads the polarity; P passes.
        log_probabilities: f32[P,N,24], calibrated.
        part: the images.
    """

    features: np.ndarray
    log_probabilities: np.ndarray
    part: Chromosomes


def read_splits(
    setup: Setup, variables: Mapping[str, Any], *, passes: int, seed: int
) -> dict[str, ReadImages]:
    """Read all images with the network of a finished run, the training ones augmented too.

    Args:
        setup: of the run.
        variables: of its network.
        passes: augmented copies of the training images.
        seed: of their changes.

    Returns:
        By split; the first pass is that of the images as they are.
    """
    key = key_for(jax.random.key(seed), "context")
    as_it_is, augmented = (_compile_reading(setup, augmented=on) for on in (False, True))
    read = {}
    for split in SPLITS:
        part = setup.parts[split]
        copies = passes if split == "train" else 0
        found = [
            _read(
                setup,
                variables,
                part.images,
                key=key_for(key, "pass", number),
                reading=augmented if number else as_it_is,
            )
            for number in range(1 + copies)
        ]
        features, outputs = zip(*found, strict=True)
        read[split] = ReadImages(np.stack(features), np.stack(outputs), part)
    validation = read["validation"]
    temperature = fit_temperature(validation.log_probabilities[0], validation.part.labels)
    return {split: _calibrate(one, temperature) for split, one in read.items()}


def _calibrate(read: ReadImages, temperature: float) -> ReadImages:
    passes = [apply_temperature(one, temperature) for one in read.log_probabilities]
    return dataclasses.replace(read, log_probabilities=np.stack(passes))


def _compile_reading(setup: Setup, *, augmented: bool) -> Callable[[Any, jax.Array], jax.Array]:
    """Compile ((variables, key), images) → features and log-probabilities side by side."""
    experiment, model = setup.experiment, setup.model

    def read_view(variables, view):
        features: Any = model.apply(variables, view, train=False, method="features")
        logits: Any = model.apply(variables, view, train=False)
        return features, logits

    def read(variables_and_key, images):
        variables, key = variables_and_key
        pixels = to_unit_range(images)
        if augmented:
            pixels = augment(pixels, key=key, settings=experiment.augmentation)
        inputs = enlarge(pixels, size_px=experiment.input_px)
        features, logits = read_view(variables, inputs)
        if experiment.polarity == "read":
            turned_features, turned = read_view(variables, inputs[:, ::-1, ::-1])
            classes = logits.shape[1] // 2
            logits = (logits + jnp.roll(turned, classes, axis=1)) / 2.0
            upright = jax.nn.softmax(logits)[:, :classes].sum(axis=1, keepdims=True)
            # As if the image had been turned upright before, as far as that is known.
            features = upright * features + (1.0 - upright) * turned_features
        return jnp.concatenate([features, jax.nn.log_softmax(logits)], axis=1)

    return compilation.compile_predict(read, setup.mesh)


def _read(
    setup: Setup, variables: Mapping[str, Any], images: np.ndarray, *, key: jax.Array, reading
) -> tuple[np.ndarray, np.ndarray]:
    """Return features f32[N,D] and log-probabilities f32[N,24]."""
    experiment = setup.experiment
    found = predict_all(
        images,
        variables=(variables, key),
        predict=reading,
        place=lambda batch: compilation.place_batch(batch, setup.mesh),
        batch_sizes=(experiment.evaluation_batch_size,),
        advance=lambda count: None,
    )
    outputs = len(CLASS_NAMES) * (2 if experiment.polarity == "read" else 1)
    features, logits = found[:, :-outputs], found[:, -outputs:]
    if experiment.polarity == "read":
        logits, _ = separate_polarity(logits, turned_share=experiment.turned_share)
    return features, logits
