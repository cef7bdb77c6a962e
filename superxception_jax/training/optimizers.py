"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import optax

from superxception_jax.training.settings import (
    BATCH_SCALINGS,
    OPTIMIZERS,
    SCHEDULES,
    OptimizerSettings,
)


def make_schedule(
    settings: OptimizerSettings, *, batch_size: int, epochs: int, steps_per_epoch: int
) -> Callable[[Any], Any]:
    """Return the learning rate as a function of the step.

    Args:
        settings: Peak rate, schedule, warm-up, and how the rate depends on the batch size.
        batch_size: Images per step over all devices.
        epochs: Length of the training in epochs.
        steps_per_epoch: Steps per epoch.

    Returns:
        A function from the step i32[] to the rate f32[].

    Raises:
        ValueError: The schedule or the scaling is unknown.

    Source: Goyal et al., "Accurate, Large Minibatch SGD", 2017, for the linear scaling; Krizhevsky,
        "One weird trick for parallelizing convolutional neural networks", 2014, for the root.
    """
    peak, total = _peak_rate(settings, batch_size=batch_size), epochs * steps_per_epoch
    warmup = min(round(settings.warmup_epochs * steps_per_epoch), total)
    if settings.schedule == "constant":
        after = optax.constant_schedule(peak)
    elif settings.schedule == "cosine":
        after = optax.cosine_decay_schedule(peak, max(total - warmup, 1))
    elif settings.schedule == "inverse_time":
        # The `decay` of Keras' early optimisers.
        decay = settings.rate_decay

        def after(step):
            return peak / (1.0 + decay * step)
    else:
        raise ValueError(f"`schedule` must be one of {SCHEDULES}, got {settings.schedule!r}.")
    if warmup == 0:
        return after
    # The rise starts above zero, because a first step with a rate of zero would be wasted.
    rise = optax.linear_schedule(peak / warmup, peak, warmup)
    return optax.join_schedules([rise, after], [warmup])


def make_optimizer(
    settings: OptimizerSettings,
    *,
    frozen: tuple[str, ...],
    batch_size: int,
    epochs: int,
    steps_per_epoch: int,
) -> optax.GradientTransformation:
    """Return the optimiser.

    Args:
        settings: Optimiser and schedule.
        frozen: Top-level names of the parameters that training leaves unchanged.
        batch_size: Images per step over all devices.
        epochs: Length of the training in epochs.
        steps_per_epoch: Steps per epoch.

    Returns:
        The transformation from gradients to updates. Weight decay applies to kernels only: for
        vectors (biases, BatchNorm scales) it would change the function without regularising it.

    Raises:
        ValueError: The optimiser, the schedule or the scaling is unknown.

    Source: the paper, for Adam at 1e-4 and SGD with Nesterov momentum.
    """
    schedule = make_schedule(
        settings, batch_size=batch_size, epochs=epochs, steps_per_epoch=steps_per_epoch
    )
    if settings.name == "adam":
        core = optax.adam(schedule)
    elif settings.name == "nesterov":
        core = optax.sgd(schedule, momentum=settings.momentum, nesterov=True)
    elif settings.name == "adamw":
        core = optax.adamw(schedule, weight_decay=settings.weight_decay, mask=_kernels)
    else:
        raise ValueError(f"`optimizer` must be one of {OPTIMIZERS}, got {settings.name!r}.")
    parts = [core]
    if settings.gradient_clip_norm:
        parts.insert(0, optax.clip_by_global_norm(settings.gradient_clip_norm))
    if frozen:
        # Last, so that neither momentum nor decay changes the frozen parameters.
        parts.append(optax.masked(optax.set_to_zero(), _under(frozen)))
    return optax.chain(*parts) if len(parts) > 1 else core


def _peak_rate(settings: OptimizerSettings, *, batch_size: int) -> float:
    ratio = batch_size / settings.reference_batch_size
    if settings.batch_scaling == "none":
        return settings.learning_rate
    if settings.batch_scaling == "linear":
        return settings.learning_rate * ratio
    if settings.batch_scaling == "square_root":
        return settings.learning_rate * math.sqrt(ratio)
    raise ValueError(
        f"`batch_scaling` must be one of {BATCH_SCALINGS}, got {settings.batch_scaling!r}."
    )


def _under(names: tuple[str, ...]) -> Callable[[Any], Any]:
    def mask(params: Any) -> Any:
        return jax.tree_util.tree_map_with_path(
            lambda path, _: str(getattr(path[0], "key", path[0])) in names, params
        )

    return mask


def _kernels(params: Any) -> Any:
    # By name, not by rank, because scanned modules stack their vectors into matrices.
    return jax.tree_util.tree_map_with_path(
        lambda path, _: "kernel" in str(getattr(path[-1], "key", path[-1])), params
    )
