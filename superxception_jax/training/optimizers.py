"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import optax

SCHEDULES = ("constant", "cosine")
OPTIMIZERS = ("adam", "adamw")


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
    """

    name: str
    learning_rate: float
    schedule: str
    warmup_epochs: float
    weight_decay: float
    gradient_clip_norm: float


def make_schedule(
    settings: OptimizerSettings, *, epochs: int, steps_per_epoch: int
) -> Callable[[Any], Any]:
    """Make the learning rate as a function of the step.

    Args:
        settings: peak, form and warm-up.
        epochs: length of the run.
        steps_per_epoch: steps in an epoch.

    Returns:
        A function from the step, i32[], to the rate, f32[].

    Raises:
        ValueError: the schedule is unknown.
    """
    peak, total = settings.learning_rate, epochs * steps_per_epoch
    warmup = min(round(settings.warmup_epochs * steps_per_epoch), total)
    if settings.schedule == "constant":
        after = optax.constant_schedule(peak)
    elif settings.schedule == "cosine":
        after = optax.cosine_decay_schedule(peak, max(total - warmup, 1))
    else:
        raise ValueError(f"`schedule` must be one of {SCHEDULES}, got {settings.schedule!r}.")
    if warmup == 0:
        return after
    # The first step already moves: a rate of zero would waste it.
    rise = optax.linear_schedule(peak / warmup, peak, warmup)
    return optax.join_schedules([rise, after], [warmup])


def make_optimizer(
    settings: OptimizerSettings, *, epochs: int, steps_per_epoch: int
) -> optax.GradientTransformation:
    """Make the optimiser.

    Args:
        settings: name, rate, schedule, decay and clipping.
        epochs: length of the run.
        steps_per_epoch: steps in an epoch.

    Returns:
        The transformation from gradients to updates.

    Raises:
        ValueError: the optimiser is unknown, or `adam` is given a weight decay.

    Source: Adam at 1e-4 is the paper's; decay spares vectors (biases, BatchNorm scales),
    because decaying them changes the function without regularising it.
    """
    schedule = make_schedule(settings, epochs=epochs, steps_per_epoch=steps_per_epoch)
    if settings.name == "adam":
        if settings.weight_decay:
            raise ValueError(
                f"`weight_decay` must be 0 with `adam`, got {settings.weight_decay}; use `adamw`."
            )
        core = optax.adam(schedule)
    elif settings.name == "adamw":
        core = optax.adamw(schedule, weight_decay=settings.weight_decay, mask=_kernels)
    else:
        raise ValueError(f"`optimizer` must be one of {OPTIMIZERS}, got {settings.name!r}.")
    if settings.gradient_clip_norm:
        return optax.chain(optax.clip_by_global_norm(settings.gradient_clip_norm), core)
    return core


def _kernels(params: Any) -> Any:
    # By name and not by rank: scanned modules stack their vectors to matrices.
    return jax.tree_util.tree_map_with_path(
        lambda path, _: "kernel" in str(getattr(path[-1], "key", path[-1])), params
    )
