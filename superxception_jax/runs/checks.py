"""The allowed values of config fields, checked before anything is computed."""

from __future__ import annotations

from typing import Any

from ml_collections import ConfigDict

from superxception_jax.data.builders import BUILDERS
from superxception_jax.data.crop import BACKGROUNDS
from superxception_jax.data.ideogram.styles import STYLES
from superxception_jax.data.normalize import GREYS, LENGTHS, STRAIGHTENINGS, TILTS
from superxception_jax.data.own.twins import TWINS
from superxception_jax.data.splits import PROTOCOLS
from superxception_jax.models.build import MODELS, has_super_resolution
from superxception_jax.models.keras.start import EXPORTED, find_init_from_problems
from superxception_jax.training.settings import OPTIMIZERS, POLARITIES, SCHEDULES, TEST_VIEWS

# Allowed texts.
CHOICES: dict[str, tuple[str, ...]] = {
    "data.dataset": tuple(BUILDERS),
    "data.ideogram_style": tuple(STYLES),
    "data.own_twins": TWINS,
    "split.protocol": tuple(PROTOCOLS),
    "model.name": tuple(MODELS),
    "model.middle_flow": ("scan", "unrolled"),
    "model.polarity": POLARITIES,
    "model.test_views": TEST_VIEWS,
    "model.implementation": ("auto", "plain", "fast"),
    "super_resolution.final_activation": ("none", "relu"),
    "super_resolution.skip": ("input", "none"),
    "super_resolution.initialization": ("gaussian", "glorot"),
    "super_resolution.place": ("before_enlarging", "after_enlarging"),
    "super_resolution.parameters": ("trained", "frozen"),
    "normalization.background": BACKGROUNDS,
    "normalization.tilt": TILTS,
    "normalization.straightening": STRAIGHTENINGS,
    "normalization.length": LENGTHS,
    "normalization.grey": GREYS,
    "optimizer.name": OPTIMIZERS,
    "optimizer.schedule": SCHEDULES,
}
# Lowest and highest allowed numbers.
RANGES: dict[str, tuple[float, float]] = {
    "data.ideogram_cells": (1, 100_000),
    "data.ideogram_aneuploid_share": (0, 1),
    "normalization.length_exponent": (0, 1),
    "normalization.absolute_length_px": (1, 10_000),
    "normalization.image_px": (8, 1024),
    "model.input_px": (0, 2048),
    "model.width_multiplier": (0.05, 4),
    "model.stem_stride": (1, 2),
    "model.middle_modules": (1, 64),
    "model.batch_norm_momentum": (0, 0.99999),
    "model.dropout_rate": (0, 0.95),
    "super_resolution.initial_sigma": (0, 1),
    "super_resolution.pretraining_epochs": (0, 100_000),
    "augmentation.rotation_degrees": (0, 180),
    "augmentation.stretch": (0, 1),
    "augmentation.gamma": (0, 2),
    "augmentation.gain": (0, 2),
    "augmentation.blur": (0, 1),
    "augmentation.noise": (0, 1),
    "training.epochs": (1, 100_000),
    "training.patience_epochs": (0, 100_000),
    "training.batch_size": (1, 1_000_000),
    "optimizer.learning_rate": (1e-12, 100),
    "optimizer.momentum": (0, 0.99999),
    "optimizer.rate_decay": (0, 1000),
    "training.label_smoothing": (0, 0.99),
    "training.devices": (0, 1_000_000),
    "training.checkpoint_every_steps": (1, 1_000_000_000),
    "training.log_every_steps": (1, 1_000_000_000),
    "evaluation.batch_size": (1, 1_000_000),
    "evaluation.turned_share": (1e-6, 1 - 1e-6),
    "evaluation.bootstrap_resamples": (10, 10_000_000),
    "evaluation.confidence_level": (0.5, 0.9999),
    "split.folds": (2, 1000),
    "split.validation_share": (0.001, 0.9),
    "split.training_share": (0.001, 1),
}


def find_problems(config: ConfigDict) -> list[str]:
    """Return all problems of a config, so that a user corrects a command once.

    Args:
        config: Config made by a file of `configs/`, with overrides.

    Returns:
        One sentence per problem; empty for a valid config.
    """
    problems = []
    for path, allowed in CHOICES.items():
        value = _field(config, path)
        if value not in allowed:
            problems.append(f"`{path}` must be one of {', '.join(allowed)}, got {value!r}.")
    ranges = RANGES | {"split.fold": (0, config.split.folds - 1)}
    for path, (low, high) in ranges.items():
        value = _field(config, path)
        if not low <= value <= high:
            problems.append(f"`{path}` must be between {low} and {high}, got {value}.")
    if 0 < config.model.input_px < config.normalization.image_px:
        problems.append(
            f"`model.input_px` must be 0 or at least `normalization.image_px`, "
            f"{config.normalization.image_px}, got {config.model.input_px}."
        )
    known = config.model.name in MODELS
    epochs = config.super_resolution.pretraining_epochs
    if epochs and known and not has_super_resolution(config.model.name):
        problems.append(
            "`super_resolution.pretraining_epochs` must be 0 without a super-resolution stack, "
            f"got {epochs} with `{config.model.name}`."
        )
    if config.model.test_views == "both" and config.model.polarity == "given":
        problems.append(
            "`model.test_views` must be one with `model.polarity` given, got both; set it to one."
        )
    if config.model.init_from and known and not config.model.init_from.endswith(EXPORTED):
        problems += find_init_from_problems(
            config.model.name,
            width_multiplier=config.model.width_multiplier,
            middle_modules=config.model.middle_modules,
        )
    if config.data.dataset == "own" and not config.data.own_folder:
        problems.append("`data.own_folder` must name your folder of cells, got nothing; set it.")
    return problems


def _field(config: ConfigDict, path: str) -> Any:
    value: Any = config
    for name in path.split("."):
        value = value[name]
    return value
