"""Settings of a training as plain records, readable without an optimiser."""

from __future__ import annotations

from dataclasses import dataclass

POLARITIES = ("given", "read")
TEST_VIEWS = ("one", "both")
SCHEDULES = ("constant", "cosine", "inverse_time")
OPTIMIZERS = ("adam", "adamw", "nesterov")


@dataclass(frozen=True)
class OptimizerSettings:
    """An optimiser and its schedule.

    Attributes:
        name: one of `OPTIMIZERS`.
        learning_rate: peak rate.
        schedule: one of `SCHEDULES`.
        warmup_epochs: linear rise from zero.
        weight_decay: adamw only, on kernels.
        gradient_clip_norm: global norm; 0 means off.
        momentum: nesterov only, share of the last update that is kept.
        rate_decay: schedule inverse_time only: rate / (1 + rate_decay · step).
    """

    name: str
    learning_rate: float
    schedule: str
    warmup_epochs: float
    weight_decay: float
    gradient_clip_norm: float
    momentum: float
    rate_decay: float


@dataclass(frozen=True)
class LoopSettings:
    """Length of a training, and the intervals at which its loop does something.

    Attributes:
        epochs: Passes over the training images, each followed by a validation.
        batch_size: Images per step.
        seed: Seed of the order of the images.
        checkpoint_every_steps: Steps between two checkpoints within an epoch.
        log_every_steps: Steps between two lines of training metrics.
    """

    epochs: int
    batch_size: int
    seed: int
    checkpoint_every_steps: int
    log_every_steps: int


@dataclass(frozen=True)
class AugmentationSettings:
    """Ranges of the random changes; every draw is uniform within ± and per image.

    There is no flip: the p arm points up in the data, and turning costs accuracy.

    Attributes:
        rotation_degrees: rotation about the centre.
        shift_px: shift in both directions, in px of a canvas of 50 px.
        stretch: logarithm of the scale, each direction on its own.
        bend_px: sideways excursion of the axis' ends against its middle, as `shift_px`.
        gamma: logarithm of the exponent of the grey values.
        gain: logarithm of the factor of the grey values.
        blur: weight of a 3×3 binomial blur; a negative draw sharpens.
        noise: standard deviation of Gaussian noise.
    """

    rotation_degrees: float
    shift_px: float
    stretch: float
    bend_px: float
    gamma: float
    gain: float
    blur: float
    noise: float
