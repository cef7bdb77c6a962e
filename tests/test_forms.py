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
from tests.quick import QUICK

STEPS = 20
BATCH = 8


def _experiment():
    config = super_xception.get_config("smoke")
    # A scan compiles faster; a test of Xception shows that it equals the unrolled blocks.
    config.model.middle_flow = "scan"
    # The paper's optimiser: at ten times its rate Adam enlarges rounding beyond any tolerance.
    config.optimizer.name = "adam"
    config.optimizer.weight_decay = 0.0
    config.optimizer.schedule = "constant"
    config.optimizer.learning_rate = 1e-4
    return build_experiment(config)


def test_twenty_steps_of_both_forms_have_the_same_losses():
    experiment = _experiment()
    optimizer = make_optimizer(
        experiment.optimizer,
        frozen=(),
        batch_size=experiment.batch_size,
        epochs=2,
        steps_per_epoch=STEPS,
    )
    # The forms have the same parameters, and barriers stay where a training keeps them.
    models = {
        form: build_model(**experiment.model, classes=24, implementation=form)
        for form in ("plain", "fast")
    }
    options = {**compilation.compiler_options("cpu"), **QUICK}
    key = jax.random.key(0)

    def draw_state(key):
        return init_state(models["plain"], optimizer, key=key, input_px=experiment.input_px)

    first = jax.jit(draw_state, compiler_options=QUICK)(key)
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 24, BATCH).astype(np.int32)
    images = generator.integers(0, 60, (BATCH, 50, 50, 1)) + 8 * labels[:, None, None, None]
    images = images.astype(np.uint8)

    def losses_of(form):
        train_step = make_train_step(models[form], optimizer, **experiment.step_options)
        step = jax.jit(train_step, compiler_options=options)
        state, losses = first, []
        for _ in range(STEPS):
            state, metrics = step(state, images, labels, key)
            losses.append(float(metrics["loss"]))
        return losses

    fast = losses_of("fast")
    np.testing.assert_allclose(fast, losses_of("plain"), atol=1e-3)
    assert np.mean(fast[-5:]) < np.mean(fast[:5]) - 0.02  # it is training that agrees
