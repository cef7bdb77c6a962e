"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import optax

from superxception_jax.training.settings import OPTIMIZERS, SCHEDULES, OptimizerSettings


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
    elif settings.schedule == "inverse_time":
        # The `decay` of Keras' first optimisers.
        decay = settings.rate_decay

        def after(step):
            return peak / (1.0 + decay * step)
    else:
        raise ValueError(f"`schedule` must be one of {SCHEDULES}, got {settings.schedule!r}.")
    if warmup == 0:
        return after
    # The first step already moves: a rate of zero would waste it.
    rise = optax.linear_schedule(peak / warmup, peak, warmup)
    return optax.join_schedules([rise, after], [warmup])


def make_optimizer(
    settings: OptimizerSettings, *, frozen: tuple[str, ...], epochs: int, steps_per_epoch: int
) -> optax.GradientTransformation:
    """Make the optimiser.

    Args:
        settings: Name, rate, schedule, decay, momentum and clipping.
        frozen: Names at the top of the parameters' tree that training leaves unchanged.
        epochs: length of the run.
        steps_per_epoch: steps in an epoch.

    Returns:
        The transformation from gradients to updates.

    Raises:
        ValueError: the optimiser is unknown, or is given a setting of another one.

    Source: Adam at 1e-4 and SGD with Nesterov momentum are the paper's; decay spares vectors
    (biases, BatchNorm scales), because decaying them changes the function without
    regularising it.
    """
    schedule = make_schedule(settings, epochs=epochs, steps_per_epoch=steps_per_epoch)
    _check_unused(settings)
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
        # Last, so that neither momentum nor decay moves what is frozen.
        parts.append(optax.masked(optax.set_to_zero(), _under(frozen)))
    return optax.chain(*parts) if len(parts) > 1 else core


def _check_unused(settings: OptimizerSettings) -> None:
    """Refuse a setting that the chosen optimiser or schedule would not read."""
    readers = {
        "weight_decay": (settings.name, "adamw"),
        "momentum": (settings.name, "nesterov"),
        "rate_decay": (settings.schedule, "inverse_time"),
    }
    for field, (chosen, reader) in readers.items():
        value = getattr(settings, field)
        if value and chosen != reader:
            raise ValueError(f"`{field}` must be 0 with `{chosen}`, got {value}; use `{reader}`.")


def _under(names: tuple[str, ...]) -> Callable[[Any], Any]:
    def mask(params: Any) -> Any:
        return jax.tree_util.tree_map_with_path(
            lambda path, _: str(getattr(path[0], "key", path[0])) in names, params
        )

    return mask


def _kernels(params: Any) -> Any:
    # By name and not by rank: scanned modules stack their vectors to matrices.
    return jax.tree_util.tree_map_with_path(
        lambda path, _: "kernel" in str(getattr(path[-1], "key", path[-1])), params
    )
