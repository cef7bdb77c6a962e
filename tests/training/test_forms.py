"""Training with the fast forms is training with the plain ones."""

from __future__ import annotations

import jax
import numpy as np

from configs import super_xception
from superxception_jax.models.build import build_model
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.training import compile as compilation
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.state import init_state
from superxception_jax.training.steps import make_train_step

STEPS = 20
BATCH = 8


def _losses(implementation: str) -> list[float]:
    config = super_xception.get_config("smoke")
    # A scan compiles faster; that it equals the unrolled blocks stands in a test of Xception.
    config.model.middle_flow = "scan"
    # The paper's optimiser: at ten times its rate Adam enlarges rounding beyond any tolerance.
    config.optimizer.name = "adam"
    config.optimizer.weight_decay = 0.0
    config.optimizer.schedule = "constant"
    config.optimizer.learning_rate = 1e-4
    experiment = build_experiment(config)
    model = build_model(**experiment.model, classes=24, implementation=implementation)
    optimizer = make_optimizer(experiment.optimizer, frozen=(), epochs=2, steps_per_epoch=STEPS)
    mesh = compilation.make_mesh(1)
    key = compilation.place_replicated(jax.random.key(0), mesh)
    state = compilation.compile_replicated(
        lambda key: init_state(model, optimizer, key=key, input_px=experiment.input_px), mesh
    )(key)
    step = compilation.compile_train_step(
        make_train_step(model, optimizer, **experiment.step_options),
        mesh,
    )
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 24, BATCH).astype(np.int32)
    images = generator.integers(0, 60, (BATCH, 50, 50, 1)) + 8 * labels[:, None, None, None]
    losses = []
    for _ in range(STEPS):
        placed = compilation.place_batch(images.astype(np.uint8), mesh)
        state, metrics = step(state, placed, compilation.place_batch(labels, mesh), key)
        losses.append(float(metrics["loss"]))
    return losses


def test_twenty_steps_of_both_forms_have_the_same_losses():
    fast = _losses("fast")
    np.testing.assert_allclose(fast, _losses("plain"), atol=1e-3)
    assert np.mean(fast[-5:]) < np.mean(fast[:5]) - 0.02  # it is training that agrees
