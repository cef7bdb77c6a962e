"""Train a network for whole cells on top of a finished run, and test what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from superxception_jax.cell_reporting import assign_part, cell_values, class_shares
from superxception_jax.context_reading import ReadImages
from superxception_jax.data.cells import CellDraws, draw_cell_members
from superxception_jax.evaluation.calibration import apply_temperature, fit_temperature
from superxception_jax.evaluation.metrics import compute_metrics
from superxception_jax.keys import key_for
from superxception_jax.models.cell_context import CellContext
from superxception_jax.setup import Setup

# How much of a correction may count; validation cells choose.
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_CHROMOSOMES = 50  # of a drawn cell; larger ones are no cells of these sets
BATCH_CELLS = 8


@dataclass(frozen=True)
class ContextSettings:
    """The network for whole cells and its training.

    Attributes:
        width, layers, heads, dropout_rate: see `CellContext`.
        steps: of `BATCH_CELLS` cells.
        learning_rate: peak, with warm-up and cosine decay.
        weight_decay: of AdamW.
        draws: how cells are drawn.
        seed: of all draws.
    """

    width: int
    layers: int
    heads: int
    dropout_rate: float
    steps: int
    learning_rate: float
    weight_decay: float
    draws: CellDraws
    seed: int


def train_context(
    read: Mapping[str, ReadImages],
    *,
    settings: ContextSettings,
    advance: Callable[[float], object],
) -> Callable[[ReadImages], np.ndarray]:
    """Train the network for whole cells on the training cells.

    Args:
        read: see `read_splits`.
        settings: of network and training.
        advance: called with the loss after each step.

    Returns:
        A function that reads the cells of a split: log-probabilities f32[N,24].
    """
    model = CellContext(settings.width, settings.layers, settings.heads, settings.dropout_rate)
    generator = np.random.default_rng(settings.seed)
    key = key_for(jax.random.key(settings.seed), "context")
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, settings.learning_rate, max(settings.steps // 20, 1), settings.steps
    )
    optimizer = optax.adamw(schedule, weight_decay=settings.weight_decay)
    step = _compile_step(model, optimizer)
    batch = _draw_batch(read["train"], settings, generator)

    @jax.jit
    def start(key):
        params = model.init(key, *batch[:3], train=False)["params"]
        return params, optimizer.init(params)

    params, state = start(key_for(key, "init"))
    for number in range(settings.steps):
        params, state, loss = step(params, state, batch, key_for(key, "dropout", number))
        batch = _draw_batch(read["train"], settings, generator)
        advance(float(loss))

    @jax.jit
    def apply(features, log_probabilities, present):
        logits: Any = model.apply(
            {"params": params}, features, log_probabilities, present, train=False
        )
        return jax.nn.log_softmax(logits)

    def predict(images: ReadImages) -> np.ndarray:
        found = np.empty_like(images.log_probabilities[0])
        for cell in np.unique(images.part.cells):
            members = np.flatnonzero(images.part.cells == cell)
            batch = _stack([_padded(images, members, np.zeros(len(members), int))])
            found[members] = np.asarray(apply(*batch[:3]))[0, : len(members)]
        return found

    return predict


def context_values(
    setup: Setup,
    read: Mapping[str, ReadImages],
    predict: Callable[[ReadImages], np.ndarray],
) -> dict[str, dict[str, Any]]:
    """Compare single images and whole cells with and without the network for cells.

    Args:
        setup: of the run, for shares and intervals.
        read: see `read_splits`.
        predict: see `train_context`.

    Returns:
        JSON values: `strength` of the correction, and by split, validation and test, `alone` and
        `context`: accuracy and loss of the images, and `cells` after the assignment.
        Temperatures and the strength, which has the least loss, come from validation.
    """
    splits = ("validation", "test")
    corrected = {split: predict(read[split]) for split in splits}
    labels = read["validation"].part.labels
    choices = [_Mixture.fit(read, corrected, labels, strength=one) for one in STRENGTHS]
    best = min(choices, key=lambda one: one.loss)
    values: dict[str, Any] = {"strength": best.strength, **{split: {} for split in splits}}
    shares = class_shares(read["train"].part)
    for name, mixture in (("alone", choices[0]), ("context", best)):
        temperature = mixture.temperature
        for split in splits:
            part, found = read[split].part, values[split]
            outputs = mixture.apply(read[split], corrected[split])
            metrics = compute_metrics(apply_temperature(outputs, temperature), part.labels)
            cells = assign_part(outputs, part, temperature=temperature, shares=shares)
            found[name] = {
                "accuracy": metrics.accuracy,
                "loss": metrics.loss,
                "cells": cell_values(cells, part, experiment=setup.experiment),
            }
    return values


@dataclass(frozen=True)
class _Mixture:
    """Both readings together: a strength of 0 is the network alone, 1 that of the cell.

    Attributes:
        strength: 0..1.
        temperature: fitted on validation.
        loss: there, after the temperature.
    """

    strength: float
    temperature: float
    loss: float

    @classmethod
    def fit(
        cls,
        read: Mapping[str, ReadImages],
        corrected: Mapping[str, np.ndarray],
        labels: np.ndarray,
        *,
        strength: float,
    ) -> _Mixture:
        """Fit the temperature for one strength on the validation images."""
        outputs = cls(strength, 1.0, 0.0).apply(read["validation"], corrected["validation"])
        temperature = fit_temperature(outputs, labels)
        loss = compute_metrics(apply_temperature(outputs, temperature), labels).loss
        return cls(strength, temperature, loss)

    def apply(self, read: ReadImages, corrected: np.ndarray) -> np.ndarray:
        """Return f32[N,24], the weighted geometric mean of both, normalised."""
        mixed = (1 - self.strength) * read.log_probabilities[0] + self.strength * corrected
        return apply_temperature(mixed.astype(np.float32), 1.0)


def _compile_step(model: CellContext, optimizer: optax.GradientTransformation) -> Callable:
    """Compile (parameters, optimiser's state, batch, key) → (parameters, state, loss)."""

    def loss_of(params, features, log_probabilities, present, labels, key):
        logits: Any = model.apply(
            {"params": params},
            features,
            log_probabilities,
            present,
            train=True,
            rngs={"dropout": key},
        )
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return jnp.sum(losses * present) / jnp.sum(present)

    @jax.jit
    def step(params, state, batch, key):
        loss, gradients = jax.value_and_grad(loss_of)(params, *batch, key)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, loss

    return step


def _draw_batch(
    read: ReadImages, settings: ContextSettings, generator: np.random.Generator
) -> tuple[np.ndarray, ...]:
    cells = []
    for _ in range(BATCH_CELLS):
        members = draw_cell_members(
            read.part.labels, read.part.cells, draws=settings.draws, generator=generator
        )
        passes = generator.integers(len(read.features), size=len(members))
        cells.append(_padded(read, members[:MOST_CHROMOSOMES], passes[:MOST_CHROMOSOMES]))
    return _stack(cells)


def _padded(read: ReadImages, members: np.ndarray, passes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return features, log-probabilities, presence and labels of a cell, with padding."""
    size = max(MOST_CHROMOSOMES, len(members))
    arrays = (
        read.features[passes, members],
        read.log_probabilities[passes, members],
        np.ones(len(members), bool),
        read.part.labels[members],
    )
    return tuple(
        np.concatenate([one, np.zeros((size - len(one), *one.shape[1:]), one.dtype)])
        for one in arrays
    )


def _stack(cells: Sequence[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    return tuple(np.stack(arrays) for arrays in zip(*cells, strict=True))
