"""A network small enough to compile in a blink, with everything that a big one has."""

from __future__ import annotations

import flax.linen as nn
import jax
import numpy as np

from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.settings import AugmentationSettings, OptimizerSettings
from superxception_jax.training.state import init_state
from superxception_jax.training.steps import make_train_step

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
)
OPTIMIZER = OptimizerSettings(
    name="adamw",
    learning_rate=0.01,
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
        x = nn.relu(nn.BatchNorm(use_running_average=not train, momentum=0.9)(x))
        x = nn.Dropout(self.dropout_rate, deterministic=not train)(x.mean(axis=(1, 2)))
        return nn.Dense(CLASSES)(x)


def make_data(count: int = 28) -> tuple[np.ndarray, np.ndarray]:
    """Draw images whose brightness tells the class."""
    generator = np.random.default_rng(0)
    labels = (np.arange(count) % CLASSES).astype(np.int32)
    noise = generator.integers(0, 40, size=(count, SIDE, SIDE, 1))
    return (labels[:, None, None, None] * 80 + noise).astype(np.uint8), labels


def make_training(*, epochs: int = 2, model: nn.Module | None = None, label_smoothing: float = 0.1):
    """Return model, optimiser, step function and first state."""
    model = TinyNetwork() if model is None else model
    optimizer = make_optimizer(OPTIMIZER, frozen=(), epochs=epochs, steps_per_epoch=STEPS_PER_EPOCH)
    state = init_state(model, optimizer, key=jax.random.key(0), input_px=SIDE + 2)
    step = make_train_step(
        model,
        optimizer,
        input_px=SIDE + 2,
        augmentation=AUGMENTATION,
        label_smoothing=label_smoothing,
        polarity="given",
    )
    return model, optimizer, step, state


def assert_trees_equal(one, other) -> None:
    """Compare every leaf bit by bit."""
    jax.tree.map(np.testing.assert_array_equal, one, other)
