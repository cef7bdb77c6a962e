from __future__ import annotations

import jax
import numpy as np

from superxception_jax.training import compile as compilation
from superxception_jax.training.progress import Progress
from superxception_jax.training.settings import LoopSettings
from superxception_jax.training.task import Task
from tests.training.tiny import make_training


def test_an_epoch_holds_full_batches_only():
    _, _, step, state = make_training()
    task = Task(
        images=np.zeros((11, 8, 8, 1), np.uint8),
        targets=np.zeros(11, np.int32),
        step=step,
        validate=lambda state: {"loss": 0.0, "accuracy": 0.0},
        first_state=lambda: (state, Progress()),
        abstract_state=state,
        settings=LoopSettings(
            epochs=3,
            kept="lowest_loss",
            patience_epochs=0,
            start_counts=False,
            batch_size=4,
            seed=0,
            checkpoint_every_steps=1,
            log_every_steps=1,
        ),
        key=jax.random.key(0),
        mesh=compilation.make_mesh(1),
        utilization=0.0,
    )
    assert (task.steps_per_epoch, task.total_steps) == (2, 6)
