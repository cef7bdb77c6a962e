"""The training step of a classifier, as a pure function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.keys import key_for
from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.inference import to_unit_range
from superxception_jax.models.precision import apply_network
from superxception_jax.training.augmentation import augment, turn_half
from superxception_jax.training.settings import AugmentationSettings
from superxception_jax.training.state import TrainState, TrainStep


def make_train_step(
    model: nn.Module,
    optimizer: optax.GradientTransformation,
    *,
    input_px: int,
    augmentation: AugmentationSettings,
    label_smoothing: float,
    polarity: str,
    precision: str,
    accumulation_steps: int,
) -> TrainStep:
    """Return one training step.

    Args:
        model: Network from f32[B,input_px,input_px,1] to logits f32[B,C].
        optimizer: Optimiser of its parameters.
        input_px: Side in px to which the canvas is enlarged.
        augmentation: Ranges of the random changes.
        label_smoothing: Share of the target distribution spread over all classes, 0..1.
        polarity: "given", or "read" to rotate about half of the images by 180° and to let the
            second half of the outputs stand for the classes of rotated images. Of an image that
            may be any way up, only the class is learned: its probability is the sum of both halves.
        precision: Number format of activations and products, "float32" or "bfloat16".
        accumulation_steps: Parts into which the batch is divided, a divisor of B. They are computed
            one after the other, and the step is that of the whole batch, within rounding: the
            augmentation is drawn before the division, loss and gradients are means over all images.
            Two things depend on the parts: BatchNorm normalises each by its own statistics and
            updates the running ones once per part, in order; and dropout draws for each part.

    Returns:
        A pure function from the state, images u8[B,S,S,1], targets i32[B] of `training_targets`
        and the root key to the next state and metrics f32[]: `loss`, the mean loss; `correct`, the
        number of correct classes, with the orientation where it is known; and `gradient_norm`, the
        global norm of the gradients.
    """

    def train_step(state, images, targets, key):
        check(images=(images, "u8[B,S,S,1]"), targets=(targets, "i32[B]"))
        key = key_for(key, "step", state.step)
        pixels = augment(to_unit_range(images), key=key_for(key, "augment"), settings=augmentation)
        turned = jnp.zeros_like(targets)
        if polarity == "read":
            pixels, turned = turn_half(pixels, key=key_for(key, "turn"))

        def loss_of(params, batch_stats, part, *number):
            pixels, targets, turned = part
            logits, updated = apply_network(
                model,
                {"params": params, "batch_stats": batch_stats},
                enlarge(pixels, size_px=input_px),
                precision=precision,
                train=True,
                mutable=["batch_stats"],
                rngs={"dropout": key_for(key, "dropout", *number)},
            )
            if polarity == "read":
                loss, correct = _read_loss(logits, targets, turned, smoothing=label_smoothing)
            else:
                loss, correct = _class_loss(logits, targets, smoothing=label_smoothing)
            return loss.mean(), (jnp.sum(correct), updated.get("batch_stats", {}))

        gradient_of = jax.value_and_grad(loss_of, has_aux=True)
        batch = (pixels, targets, turned)
        if accumulation_steps == 1:
            result = gradient_of(state.params, state.batch_stats, batch)
        else:
            result = _accumulate(gradient_of, state, batch, parts=accumulation_steps)
        (loss, (correct, batch_stats)), gradients = result
        updates, opt_state = optimizer.update(gradients, state.opt_state, state.params)
        new_state = TrainState(
            step=state.step + 1,
            params=optax.apply_updates(state.params, updates),
            batch_stats=batch_stats,
            opt_state=opt_state,
        )
        metrics = {
            "loss": loss,
            "correct": correct.astype(jnp.float32),
            "gradient_norm": global_norm(gradients),
        }
        return new_state, metrics

    return train_step


def training_targets(labels: np.ndarray, *, upright: np.ndarray) -> np.ndarray:
    """Return what a training step learns of each image, as one number.

    Args:
        labels: i32[N], classes.
        upright: bool[N], whether the p arm is known to point up.

    Returns:
        i32[N]: the class c of an upright image, C + c of one that may be any way up, where C is
        the number of classes.

    >>> training_targets(np.array([3, 3], np.int32), upright=np.array([True, False]))
    array([ 3, 27], dtype=int32)
    """
    check(labels=(labels, "i32[N]"), upright=(upright, "bool[N]"))
    return labels + np.where(upright, 0, len(CLASS_NAMES)).astype(np.int32)


def _class_loss(
    logits: jax.Array, labels: jax.Array, *, smoothing: float
) -> tuple[jax.Array, jax.Array]:
    """Return the loss f32[B] of each image, and whether its class is predicted, bool[B]."""
    smooth = optax.smooth_labels(jax.nn.one_hot(labels, logits.shape[-1]), smoothing)
    loss = optax.softmax_cross_entropy(logits, smooth)
    return loss, jnp.argmax(logits, axis=-1) == labels


def _read_loss(
    logits: jax.Array, targets: jax.Array, turned: jax.Array, *, smoothing: float
) -> tuple[jax.Array, jax.Array]:
    """Return the loss f32[B] of each image, and whether what is known of it is predicted, bool[B].

    Args:
        logits: f32[B,2C].
        targets: i32[B], see `training_targets`.
        turned: i32[B], 1 for an image that was rotated.
        smoothing: Share of the target distribution spread over all classes.
    """
    classes = logits.shape[-1] // 2
    labels, oriented = targets % classes, targets < classes
    known = _class_loss(logits, labels + turned * classes, smoothing=smoothing)
    # The logits of the sums: their softmax adds up the probabilities of both readings.
    summed = jnp.logaddexp(*jnp.split(logits, 2, axis=-1))
    unknown = _class_loss(summed, labels, smoothing=smoothing)
    return jnp.where(oriented, known[0], unknown[0]), jnp.where(oriented, known[1], unknown[1])


def _accumulate(
    gradient_of: Callable[..., Any], state: TrainState, batch: Any, *, parts: int
) -> tuple[tuple[jax.Array, tuple[jax.Array, Any]], Any]:
    """Return what `gradient_of` returns for a batch, from one part of it after the other.

    Args:
        gradient_of: Function from parameters, running statistics, a part of the batch and its
            number to ((mean loss, (number of correct images, statistics)), gradients).
        state: State whose parameters all parts use.
        batch: Tree of arrays with B rows.
        parts: Number of parts, a divisor of B.
    """

    def divide(rows: jax.Array) -> jax.Array:
        # Interleaved, so that every part has rows of every device and none has to move.
        return jnp.swapaxes(rows.reshape(-1, parts, *rows.shape[1:]), 0, 1)

    def add_part(sums, numbered):
        (loss, (correct, batch_stats)), gradients = sums
        number, part = numbered
        (new_loss, (new_correct, batch_stats)), new_gradients = gradient_of(
            state.params, batch_stats, part, number
        )
        gradients = jax.tree.map(jnp.add, gradients, new_gradients)
        return ((loss + new_loss, (correct + new_correct, batch_stats)), gradients), None

    nothing = (jnp.zeros(()), (jnp.zeros((), jnp.int32), state.batch_stats))
    first = (nothing, jax.tree.map(jnp.zeros_like, state.params))
    numbered = (jnp.arange(parts), jax.tree.map(divide, batch))
    ((loss, aside), gradients), _ = jax.lax.scan(add_part, first, numbered)
    return (loss / parts, aside), jax.tree.map(lambda total: total / parts, gradients)


def global_norm(tree: Any) -> jax.Array:
    """Return the Euclidean norm over all leaves of a tree.

    Args:
        tree: Tree of arrays f32[...].

    Returns:
        f32[].
    """
    # A dot product of each leaf with itself doesn't write the squares to memory.
    return jnp.sqrt(sum(jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(tree)))
