"""A network with all that a large one has, small enough to compile in an instant."""

from __future__ import annotations

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.training import compile as compilation
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.settings import AugmentationSettings, OptimizerSettings
from superxception_jax.training.state import init_state
from superxception_jax.training.steps import make_train_step
from tests.quick import QUICK

CLASSES = 3
SIDE = 8
BATCH = 8
STEPS_PER_EPOCH = 3
AUGMENTATION = AugmentationSettings(
    rotation_degrees=10.0,
    shift_px=1.0,
    stretch=0.1,
    bend_px=0.5,
    gamma=0.1,
    gain=0.1,
    blur=0.2,
    noise=0.02,
    cut_out=0.0,
)
OPTIMIZER = OptimizerSettings(
    name="adamw",
    learning_rate=0.01,
    batch_scaling="none",
    reference_batch_size=BATCH,
    schedule="cosine",
    warmup_epochs=0.5,
    weight_decay=0.01,
    gradient_clip_norm=1.0,
    momentum=0.0,
    rate_decay=0.0,
)


class TinyNetwork(nn.Module):
    """One convolution, BatchNorm, dropout and a classifier."""

    dropout_rate: float = 0.3

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        # No bias before BatchNorm: its gradient is rounding noise, which Adam would enlarge.
        x = nn.Conv(4, (3, 3), use_bias=False)(images)
        normalize = nn.BatchNorm(use_running_average=not train, momentum=0.9, dtype=x.dtype)
        x = nn.relu(normalize(x))
        x = nn.Dropout(self.dropout_rate, deterministic=not train)(x.mean(axis=(1, 2)))
        return nn.Dense(CLASSES, name="head")(x)


def compile_quickly(step, mesh):
    """Compile a step as a training does, with the options of `tests.quick`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compilation, "compiler_options", lambda platform: QUICK)
        return compilation.compile_train_step(step, mesh)


def make_data(count: int = 28) -> tuple[np.ndarray, np.ndarray]:
    """Draw images whose brightness is that of their class."""
    generator = np.random.default_rng(0)
    labels = (np.arange(count) % CLASSES).astype(np.int32)
    noise = generator.integers(0, 40, size=(count, SIDE, SIDE, 1))
    return (labels[:, None, None, None] * 80 + noise).astype(np.uint8), labels


def _optimizer(epochs):
    return make_optimizer(
        OPTIMIZER, frozen=(), batch_size=BATCH, epochs=epochs, steps_per_epoch=STEPS_PER_EPOCH
    )


@functools.cache
def _first_state(model):
    def draw(key):
        return init_state(model, _optimizer(1), key=key, input_px=SIDE + 2)

    return jax.device_get(jax.jit(draw, compiler_options=QUICK)(jax.random.key(0)))


def make_training(
    *,
    epochs: int = 2,
    model: nn.Module | None = None,
    label_smoothing: float = 0.1,
    precision: str = "float32",
    accumulation_steps: int = 1,
):
    """Return model, optimiser, step function and first state."""
    model = TinyNetwork() if model is None else model
    optimizer = _optimizer(epochs)
    # A copy, because a training step reuses the memory of its state.
    state = jax.tree.map(jnp.asarray, _first_state(model))
    step = make_train_step(
        model,
        optimizer,
        input_px=SIDE + 2,
        augmentation=AUGMENTATION,
        label_smoothing=label_smoothing,
        polarity="given",
        precision=precision,
        accumulation_steps=accumulation_steps,
    )
    return model, optimizer, step, state


def assert_trees_equal(one, other) -> None:
    """Compare every leaf bit by bit."""
    jax.tree.map(np.testing.assert_array_equal, one, other)


def state_at(step, scale=1.0):
    """Return the state of a training at a step, with its parameters scaled."""
    _, _, _, state = make_training()
    params = jax.tree.map(lambda leaf: leaf * scale, state.params)
    return state.replace(step=jnp.asarray(step, jnp.int32), params=params)
