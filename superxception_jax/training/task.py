"""The record of all that one training needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax

from superxception_jax.data.stored_images import Images
from superxception_jax.training.progress import Progress
from superxception_jax.training.settings import LoopSettings
from superxception_jax.training.state import TrainState, TrainStep

# state → metrics over the validation images: `loss` and `accuracy`.
Validate = Callable[[TrainState], dict[str, float]]


@dataclass(frozen=True)
class Task:
    """One training: its data, its step, its validation and its length.

    Attributes:
        images: u8[N,S,S,1], training images, in memory or in a file.
        targets: i32[N], true classes, or u8[N,P,P,1], images to restore.
        step: Compiled training step.
        validate: Function that measures a state on the validation images.
        first_state: Function that computes the state before the first step, and the progress up to
            it, of what was trained before.
        abstract_state: Shapes and shardings of the state.
        settings: Length of the training, batch size and intervals.
        key: Root key, on every device.
        mesh: Devices over which a batch is split.
        utilization: Model FLOP utilisation, 0..1, at one image per second; 0 where the peak of
            the devices is unknown.
    """

    images: Images
    targets: Images
    step: TrainStep
    validate: Validate
    first_state: Callable[[], tuple[TrainState, Progress]]
    abstract_state: TrainState
    settings: LoopSettings
    key: jax.Array
    mesh: jax.sharding.Mesh
    utilization: float

    @property
    def steps_per_epoch(self) -> int:
        """Return the number of full batches in the training images."""
        return len(self.images) // self.settings.batch_size

    @property
    def total_steps(self) -> int:
        """Return the number of steps of the whole training."""
        return self.settings.epochs * self.steps_per_epoch
