from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.build import build_model
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.restoration_step import init_restoration, make_restoration_step
from tests.quick import QUICK
from tests.training.tiny import OPTIMIZER

STACK = {
    "features": (8, 4),
    "final_activation": "none",
    "skip": "input",
    "initialization": "gaussian",
    "initial_sigma": 0.01,
    "enlarged_px": 24,
}


def make_pairs(count=8):
    """Draw bars, at 24 px and as the means of 2×2 of these."""
    generator = np.random.default_rng(0)
    large = generator.integers(0, 2, size=(count, 24, 1, 1)) * 200
    large = np.broadcast_to(large, (count, 24, 24, 1)).astype(np.uint8)
    small = large.reshape(count, 12, 2, 12, 2, 1).mean(axis=(2, 4))
    return np.rint(small).astype(np.uint8), large


def _init(model, optimizer, input_px):
    """Compile the whole, which leaves out the classifier that is not needed."""

    def draw(key):
        return init_restoration(model, optimizer, key=key, input_px=input_px)

    return jax.jit(draw, compiler_options=QUICK)(jax.random.key(0))


@pytest.mark.parametrize(
    ("input_px", "share"), [(12, 0.97), (24, 0.8)], ids=["before_enlarging", "after_enlarging"]
)
def test_the_stack_learns_to_restore(input_px, share):
    model = build_model(
        "super_xception",
        classes=3,
        implementation="plain",
        classifier={
            "width_multiplier": 0.05,
            "middle_modules": 1,
            "rematerialization": "none",
            "middle_flow": "unrolled",
            "momentum": 0.9,
            "dropout_rate": 0.0,
        },
        super_resolution=STACK,
    )
    optimizer = make_optimizer(OPTIMIZER, frozen=(), batch_size=8, epochs=10, steps_per_epoch=4)
    state = _init(model, optimizer, input_px)
    assert set(state.params) == {"super_resolution"}
    step = jax.jit(
        make_restoration_step(model, optimizer, input_px=input_px, precision="float32"),
        compiler_options=QUICK,
    )
    canvases, targets = make_pairs()
    history = []
    for _ in range(40):
        state, metrics = step(state, canvases, targets, jax.random.key(0))
        history.append({name: float(value) for name, value in metrics.items()})
    # Random rows hardly differ from their means: less is gained before enlarging.
    assert history[-1]["loss"] < share * history[0]["loss"]
    assert history[-1]["correct"] == len(canvases)
    assert history[0]["gradient_norm"] > 0
    assert int(state.step) == 40


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_loss_is_the_mean_of_squares_by_hand(precision):
    model = build_model(
        "super_alexnet",
        classes=3,
        implementation="plain",
        classifier={"width_multiplier": 0.05, "dropout_rate": 0.0},
        super_resolution={**STACK, "initial_sigma": 0.0},
    )
    optimizer = make_optimizer(OPTIMIZER, frozen=(), batch_size=8, epochs=1, steps_per_epoch=1)
    state = _init(model, optimizer, 24)
    canvases = jnp.full((2, 24, 24, 1), 51, jnp.uint8)
    targets = jnp.full((2, 24, 24, 1), 102, jnp.uint8)
    step = jax.jit(
        make_restoration_step(model, optimizer, input_px=24, precision=precision),
        compiler_options=QUICK,
    )
    _, metrics = step(state, canvases, targets, jax.random.key(0))
    # The stack is the identity, of an image of 0.2 that bfloat16 rounds.
    error = 0.4 - float(jnp.asarray(0.2, precision))
    assert float(metrics["loss"]) == pytest.approx(error**2, rel=1e-5)
    # The identity is bicubic enlargement: no image is closer to the truth, but for rounding.
    assert float(metrics["correct"]) == (0 if precision == "float32" else 2)
