"""The ways to train that `qband.py` compares, and their training step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import struct

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.keys import key_for
from superxception_jax.models.inference import to_unit_range
from superxception_jax.runs.setup import Setup
from superxception_jax.training.augmentation import augment, turn_half
from superxception_jax.training.state import TrainState

DECAY = 0.998  # of the averaged weights, per step
CONTRAST_TEMPERATURE = 0.1
TEACHING = 0.5  # share of the teachers in the target


@dataclass(frozen=True)
class Recipe:
    """A way to train.

    Attributes:
        title: What the page calls it.
        start: "gband" for the included network, or "none" for random weights.
        contrast: Weight of the contrastive loss, for which each image is seen twice in a step.
        teachers: Recipes whose mean probabilities are half of the target.
    """

    title: str
    start: str
    contrast: float = 0.0
    teachers: tuple[str, ...] = ()


MEMBERS = ("random", "gband", "contrastive")
RECIPES = {
    "random": Recipe("from random weights", "none"),
    "gband": Recipe("from the G-band network", "gband"),
    "contrastive": Recipe("the same, with a contrastive loss", "gband", contrast=0.2),
    "distilled": Recipe("from the G-band network, taught by the three", "gband", teachers=MEMBERS),
}


@struct.dataclass
class Averaged:
    """The state of a training and the moving average of its variables.

    Attributes:
        state: The state.
        average: `params` and `batch_stats`.
    """

    state: TrainState
    average: Any


def contrastive_loss(features: jax.Array, classes: jax.Array) -> jax.Array:
    """Return the supervised contrastive loss, f32[].

    Args:
        features: f32[B,F].
        classes: i32[B]; each occurs at least twice.

    Source: Khosla et al., "Supervised Contrastive Learning", 2020, equation 2.
    """
    directions = features / jnp.linalg.norm(features, axis=1, keepdims=True)
    others = ~jnp.eye(len(classes), dtype=bool)
    similarity = jnp.where(others, directions @ directions.T / CONTRAST_TEMPERATURE, -jnp.inf)
    positive = (classes[:, None] == classes[None, :]) & others
    log_shares = jnp.where(positive, jax.nn.log_softmax(similarity, axis=1), 0.0)
    return -jnp.mean(log_shares.sum(axis=1) / positive.sum(axis=1))


def make_step(setup: Setup, recipe: Recipe, teachers: Sequence[Any]) -> Any:
    """Return the training step of a recipe, of `Averaged`, images, labels and the root key."""
    experiment, classes = setup.experiment, 2 * len(CLASS_NAMES)

    def train_step(averaged: Averaged, images: jax.Array, labels: jax.Array, key: jax.Array):
        state = averaged.state
        key = key_for(key, "step", state.step)
        views = []
        for number in range(2 if recipe.contrast else 1):
            pixels = augment(
                to_unit_range(images),
                key=key_for(key, "augment", number),
                settings=experiment.augmentation,
            )
            # The same key: both views of an image are turned, or none.
            views.append(turn_half(pixels, key=key_for(key, "turn")))
        pixels = jnp.concatenate([pixels for pixels, _ in views])
        read = jnp.concatenate([labels + len(CLASS_NAMES) * turned for _, turned in views])
        target = optax.smooth_labels(jax.nn.one_hot(read, classes), experiment.label_smoothing)
        if teachers:
            told: list[Any] = [setup.model.apply(one, pixels, train=False) for one in teachers]
            taught = sum(jax.nn.softmax(logits) for logits in told) / len(told)
            target = (1 - TEACHING) * target + TEACHING * taught

        def loss_of(params):
            features, updated = setup.model.apply(
                {"params": params, "batch_stats": state.batch_stats},
                pixels,
                train=True,
                mutable=["batch_stats"],
                method="features",
            )
            logits = setup.model.apply(
                {"params": params},
                features,
                rngs={"dropout": key_for(key, "dropout")},
                method=lambda network, kept: network.head(
                    network.dropout(kept, deterministic=False)
                ),
            )
            loss = optax.softmax_cross_entropy(logits, target).mean()
            if recipe.contrast:
                loss += recipe.contrast * contrastive_loss(features, read)
            return loss, updated["batch_stats"]

        (loss, batch_stats), gradients = jax.value_and_grad(loss_of, has_aux=True)(state.params)
        updates, opt_state = setup.optimizer.update(gradients, state.opt_state, state.params)
        state = TrainState(
            step=state.step + 1,
            params=optax.apply_updates(state.params, updates),
            batch_stats=batch_stats,
            opt_state=opt_state,
        )
        # Early averages would otherwise remember the first weights.
        decay = jnp.minimum(DECAY, state.step / (state.step + 10.0))
        average = jax.tree.map(
            lambda old, new: decay * old + (1 - decay) * new, averaged.average, state.variables
        )
        return Averaged(state, average), {"loss": loss}

    return train_step
