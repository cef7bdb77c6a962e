"""One step of teaching the super-resolution stack to restore images of high resolution."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from superxception_jax.arrays import check
from superxception_jax.keys import key_for
from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.inference import to_unit_range
from superxception_jax.training.state import TrainState, TrainStep
from superxception_jax.training.steps import global_norm


def init_restoration(
    model: nn.Module, optimizer: optax.GradientTransformation, *, key: jax.Array, input_px: int
) -> TrainState:
    """Draw the state of the stack alone.

    Args:
        model: a `SuperResolvedClassifier`.
        optimizer: makes its own state from the parameters.
        key: root key of the run.
        input_px: side of the stack's input.

    Returns:
        The state at step 0; `params` holds `super_resolution` and no classifier.

    Source: ours, because the stack's parameters then go into the whole network by name.
    """
    images = jnp.zeros((1, input_px, input_px, 1), jnp.float32)
    variables = model.init({"params": key_for(key, "init")}, images, method="enhance")
    params = {"super_resolution": variables["params"]["super_resolution"]}
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=params,
        batch_stats={},
        opt_state=optimizer.init(params),
    )


def make_restoration_step(
    model: nn.Module, optimizer: optax.GradientTransformation, *, input_px: int
) -> TrainStep:
    """Make one step of training the stack.

    Args:
        model: a `SuperResolvedClassifier`.
        optimizer: transformation of the gradients.
        input_px: the canvas is enlarged to this in front of the stack.

    Returns:
        A pure function (state, canvases u8[B,S,S,1], the same at high resolution u8[B,P,P,1],
        root key) → (state, sums): `loss` is the mean squared error of grey values in [0, 1],
        `correct` the number of images that are nearer to the truth than bicubic enlarging.

    Source: Dong et al., "Image Super-Resolution Using Deep Convolutional Networks", 2014.
    """

    def step(state, canvases, targets, key):
        del key  # nothing is drawn
        check(canvases=(canvases, "u8[B,S,S,1]"), targets=(targets, "u8[B,P,P,1]"))

        pixels, truth = to_unit_range(canvases), to_unit_range(targets)
        bicubic = _errors(enlarge(pixels, size_px=targets.shape[1]), truth)
        inputs = enlarge(pixels, size_px=input_px)

        def loss_of(params):
            enhanced: Any = model.apply({"params": params}, inputs, method="enhance")
            restored = _errors(enhanced, truth)
            return restored.mean(), restored

        (loss, restored), gradients = jax.value_and_grad(loss_of, has_aux=True)(state.params)
        updates, opt_state = optimizer.update(gradients, state.opt_state, state.params)
        new_state = TrainState(
            step=state.step + 1,
            params=optax.apply_updates(state.params, updates),
            batch_stats=state.batch_stats,
            opt_state=opt_state,
        )
        metrics = {
            "loss": loss,
            "correct": jnp.sum(restored < bicubic).astype(jnp.float32),
            "gradient_norm": global_norm(gradients),
        }
        return new_state, metrics

    return step


def _errors(images: jax.Array, truth: jax.Array) -> jax.Array:
    return jnp.mean(jnp.square(images - truth), (1, 2, 3))
