"""The training step that teaches the super-resolution stack to restore high resolution."""

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
from superxception_jax.models.precision import apply_network
from superxception_jax.training.state import TrainState, TrainStep
from superxception_jax.training.steps import global_norm


def init_restoration(
    model: nn.Module, optimizer: optax.GradientTransformation, *, key: jax.Array, input_px: int
) -> TrainState:
    """Return the initial state of the stack alone.

    Args:
        model: A `SuperResolvedClassifier`.
        optimizer: Optimiser of the stack.
        key: Root key of the run.
        input_px: Side of the stack's input in px.

    Returns:
        The state at step 0. Its `params` hold `super_resolution` only, under the name that the
        stack has in the whole network.
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
    model: nn.Module,
    optimizer: optax.GradientTransformation,
    *,
    input_px: int,
    precision: str,
) -> TrainStep:
    """Return one training step of the stack.

    Args:
        model: A `SuperResolvedClassifier`.
        optimizer: Optimiser of the stack.
        input_px: Side in px to which the canvas is enlarged before the stack.
        precision: Number format of activations and products, "float32" or "bfloat16".

    Returns:
        A pure function from the state, canvases u8[B,S,S,1], the same images at high resolution
        u8[B,P,P,1] and the root key to the next state and metrics f32[]: `loss`, the mean squared
        error of grey values in [0, 1]; `correct`, the number of images closer to the truth than
        bicubic enlargement; and `gradient_norm`, the global norm of the gradients.

    Source: Dong et al., "Image Super-Resolution Using Deep Convolutional Networks", 2014.
    """

    def step(state, canvases, targets, key):
        del key  # the step has no randomness
        check(canvases=(canvases, "u8[B,S,S,1]"), targets=(targets, "u8[B,P,P,1]"))

        pixels, truth = to_unit_range(canvases), to_unit_range(targets)
        bicubic = _errors(enlarge(pixels, size_px=targets.shape[1]), truth)
        inputs = enlarge(pixels, size_px=input_px)

        def loss_of(params):
            enhanced: Any = apply_network(
                model, {"params": params}, inputs, precision=precision, method="enhance"
            )
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
