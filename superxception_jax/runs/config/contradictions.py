"""Fields of a config that don't go together, checked before anything is computed."""

from __future__ import annotations

import math

from ml_collections import ConfigDict

from superxception_jax.data.splits import FOLDED_PROTOCOLS
from superxception_jax.models.build import (
    MODELS,
    classifier_options,
    has_super_resolution,
    smallest_input_px,
)
from superxception_jax.runs.config.start_checks import find_start_problems

# Fields of the section `optimizer` that one choice alone uses: the field of the choice, and it.
_USERS = {
    "weight_decay": ("name", "adamw"),
    "momentum": ("name", "nesterov"),
    "rate_decay": ("schedule", "inverse_time"),
}
# The default, which protocol `paper` doesn't use.
_VALIDATION_SHARE = 0.1


def find_contradictions(config: ConfigDict) -> list[str]:
    """Return the problems of fields that don't go together.

    Args:
        config: Config whose fields have the right kinds.

    Returns:
        One sentence per problem.
    """
    return [
        *_find_image_problems(config),
        *(_find_network_problems(config) if config.model.name in MODELS else []),
        *_find_polarity_problems(config),
        *_find_training_problems(config),
        *find_start_problems(config),
    ]


def _find_image_problems(config: ConfigDict) -> list[str]:
    """Return the problems of the canvases and of their split."""
    problems = []
    if 0 < config.model.input_px < config.normalization.image_px:
        problems.append(
            f"`model.input_px` must be 0 or at least `normalization.image_px`, "
            f"{config.normalization.image_px}, got {config.model.input_px}."
        )
    if config.normalization.straightening != "none" and config.normalization.tilt == "keep":
        problems.append(
            "`normalization.tilt` must be remove with `normalization.straightening` medial_axis, "
            "whose chromosomes are upright, got keep; set it to remove."
        )
    split = config.split
    if 0 < split.fold < split.folds and split.protocol not in FOLDED_PROTOCOLS:
        problems.append(
            f"`split.fold` must be 0 with `split.protocol` {split.protocol!r}, which has no folds, "
            f"got {split.fold}; vary `split.seed` instead."
        )
    if split.protocol == "paper" and split.validation_share != _VALIDATION_SHARE:
        problems.append(
            f"`split.validation_share` must be {_VALIDATION_SHARE} with `split.protocol` 'paper', "
            f"which validates with {split.sizes[1]} images, got {split.validation_share}; "
            "leave it, or choose another protocol."
        )
    return problems


def _find_network_problems(config: ConfigDict) -> list[str]:
    """Return the problems of what is asked of a network that is known."""
    problems = []
    name = config.model.name
    side_px = config.model.input_px or config.normalization.image_px
    if 0 < side_px < smallest_input_px(name):
        problems.append(
            f"`model.input_px` must be at least {smallest_input_px(name)} with `{name}`, got "
            f"{side_px}{'' if config.model.input_px else ' of the canvas'}; raise it."
        )
    epochs = config.super_resolution.pretraining_epochs
    if epochs and not has_super_resolution(name):
        problems.append(
            "`super_resolution.pretraining_epochs` must be 0 without a super-resolution stack, "
            f"got {epochs} with `{name}`."
        )
    stride = config.model.stem_stride
    if stride != 1 and "stem_stride" not in classifier_options(name):
        problems.append(
            f"`model.stem_stride` must be 1 except for StripNet, got {stride} with `{name}`; set "
            "it to 1."
        )
    rematerialization = config.model.rematerialization
    if rematerialization != "none" and "rematerialization" not in classifier_options(name):
        problems.append(
            "`model.rematerialization` must be none without the blocks of Xception, got "
            f"{rematerialization!r} with `{name}`; set it to none."
        )
    return problems


def _find_polarity_problems(config: ConfigDict) -> list[str]:
    """Return what a network can't do that takes every image as upright."""
    if config.model.polarity != "given":
        return []
    problems = []
    if config.model.test_views == "both":
        problems.append(
            "`model.test_views` must be one with `model.polarity` given, got both; set it to one."
        )
    if 0 < config.data.curled_share <= 1:
        problems.append(
            "`data.curled_share` must be 0 with `model.polarity` given, because curled images are "
            f"any way up, got {config.data.curled_share:g}; set it to 0, or `model.polarity` to "
            "read."
        )
    if config.data.own_polarity == "any":
        problems.append(
            "`data.own_polarity` must be upright with `model.polarity` given, got any; set it to "
            "upright, or `model.polarity` to read."
        )
    return problems


def _find_training_problems(config: ConfigDict) -> list[str]:
    """Return the problems of the optimiser and of the length and steps of a training."""
    problems = []
    for field, (choice, user) in _USERS.items():
        value, chosen = config.optimizer[field], config.optimizer[choice]
        if 0 < value < math.inf and chosen != user:
            problems.append(
                f"`optimizer.{field}` must be 0 with `optimizer.{choice}` {chosen!r}, which "
                f"doesn't use it, got {value:g}; set it to 0, or `optimizer.{choice}` to {user}."
            )
    batch_size, parts = config.training.batch_size, config.training.accumulation_steps
    if parts > 0 and batch_size % parts:
        problems.append(
            "`training.batch_size` must be a multiple of `training.accumulation_steps`, "
            f"{parts}, got {batch_size}; choose {-(-batch_size // parts) * parts}."
        )
    if config.training.kept == "last" and config.training.patience_epochs:
        problems.append(
            "`training.patience_epochs` must be 0 with `training.kept` last, got "
            f"{config.training.patience_epochs}; set it to 0, or `training.kept` to lowest_loss."
        )
    return problems
