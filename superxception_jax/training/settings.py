"""Settings of a training as plain records, importable without optimisers."""

from __future__ import annotations

from dataclasses import dataclass

POLARITIES = ("given", "read")
TEST_VIEWS = ("one", "both")
SCHEDULES = ("constant", "cosine", "inverse_time")
BATCH_SCALINGS = ("none", "linear", "square_root")
OPTIMIZERS = ("adam", "adamw", "nesterov")
KEPT = ("lowest_loss", "last")


@dataclass(frozen=True)
class OptimizerSettings:
    """An optimiser and its schedule.

    Attributes:
        name: One of `OPTIMIZERS`.
        learning_rate: Peak learning rate.
        batch_scaling: How the rate depends on the batch size, one of `BATCH_SCALINGS`.
        reference_batch_size: Batch size for which the rate is meant.
        schedule: One of `SCHEDULES`.
        warmup_epochs: Epochs of linear rise to the peak rate.
        weight_decay: Weight decay of kernels, for adamw only.
        gradient_clip_norm: Largest global norm of the gradients; 0 for no clipping.
        momentum: Share of the previous update that is kept, for nesterov only.
        rate_decay: Decay in rate / (1 + rate_decay · step), for schedule inverse_time only.
    """

    name: str
    learning_rate: float
    batch_scaling: str
    reference_batch_size: int
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
        kept: Weights that the best checkpoint holds: those with the lowest validation loss
            (lowest_loss) or those after the latest epoch (last).
        patience_epochs: Epochs without a lower validation loss after which training stops; 0 for
            never.
        start_counts: Whether the state before the first step may be the best one.
        batch_size: Images per step.
        seed: Seed of the order of the images.
        checkpoint_every_steps: Steps between two checkpoints within an epoch.
        log_every_steps: Steps between two lines of training metrics.
    """

    epochs: int
    kept: str
    patience_epochs: int
    start_counts: bool
    batch_size: int
    seed: int
    checkpoint_every_steps: int
    log_every_steps: int


@dataclass(frozen=True)
class AugmentationSettings:
    """Ranges of the random changes; each image draws uniformly between minus and plus the range.

    There is no flip, because the p arm points up in the data and flipping costs accuracy.

    Attributes:
        rotation_degrees: Rotation about the centre.
        shift_px: Shift in both directions, in px of a canvas of 50 px.
        stretch: Logarithm of the scale, drawn separately for each direction.
        bend_px: Sideways displacement of the ends of the canvas' axis, in px of a canvas of 50 px;
            its middle goes half as far to the other side.
        gamma: Logarithm of the exponent of the grey values.
        gain: Logarithm of the factor of the grey values.
        blur: Weight of a 3×3 binomial blur; a negative draw sharpens.
        noise: Standard deviation of Gaussian noise.
        cut_out: Share of the images of which a band of 2 to 10 px of a canvas of 50 px across the
            axis is overpainted with an even grey.
    """

    rotation_degrees: float
    shift_px: float
    stretch: float
    bend_px: float
    gamma: float
    gain: float
    blur: float
    noise: float
    cut_out: float
