"""The allowed values of config fields, checked before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from superxception_jax.data.ideogram.styles import STYLES
from superxception_jax.data.normalization.cell_scale import REFERENCES
from superxception_jax.data.normalization.normalization_settings import (
    GREYS,
    LENGTHS,
    STRAIGHTENINGS,
    TILTS,
)
from superxception_jax.data.options import BACKGROUNDS, TWINS
from superxception_jax.data.options import POLARITIES as OWN_POLARITIES
from superxception_jax.data.splits import PROTOCOLS
from superxception_jax.models.build import MODELS
from superxception_jax.models.precision import PRECISIONS
from superxception_jax.models.xception import REMATERIALIZATIONS
from superxception_jax.runs.config.contradictions import find_contradictions
from superxception_jax.runs.config.data_set_names import find_data_set_problems
from superxception_jax.training.settings import (
    BATCH_SCALINGS,
    KEPT,
    OPTIMIZERS,
    POLARITIES,
    SCHEDULES,
    TEST_VIEWS,
)

# Allowed texts.
CHOICES: dict[str, tuple[str, ...]] = {
    "data.ideogram_style": tuple(STYLES),
    "data.own_twins": TWINS,
    "data.own_polarity": OWN_POLARITIES,
    "data.unlabelled_polarity": OWN_POLARITIES,
    "split.protocol": tuple(PROTOCOLS),
    "model.name": tuple(MODELS),
    "model.middle_flow": ("scan", "unrolled"),
    "model.polarity": POLARITIES,
    "model.test_views": TEST_VIEWS,
    "model.start": ("replaced", "kept_unless_improved"),
    "model.implementation": ("auto", "plain", "fast"),
    "model.precision": PRECISIONS,
    "model.rematerialization": tuple(REMATERIALIZATIONS),
    "super_resolution.final_activation": ("none", "relu"),
    "super_resolution.skip": ("input", "none"),
    "super_resolution.initialization": ("gaussian", "glorot"),
    "super_resolution.place": ("before_enlarging", "after_enlarging"),
    "super_resolution.parameters": ("trained", "frozen"),
    "normalization.background": BACKGROUNDS,
    "normalization.tilt": TILTS,
    "normalization.straightening": STRAIGHTENINGS,
    "normalization.length": LENGTHS,
    "normalization.length_reference": REFERENCES,
    "normalization.grey": GREYS,
    "optimizer.name": OPTIMIZERS,
    "optimizer.schedule": SCHEDULES,
    "optimizer.batch_scaling": BATCH_SCALINGS,
    "training.kept": KEPT,
}
LARGEST_SEED = 2**32 - 1  # JAX would take a larger one modulo 2**32
# Lowest and highest allowed numbers; a field with whole bounds is a whole number.
RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, LARGEST_SEED),
    "data.ideogram_cells": (1, 100_000),
    "data.ideogram_seed": (0, LARGEST_SEED),
    "data.ideogram_aneuploid_share": (0.0, 1.0),
    "data.memory_share": (0.0, 1.0),
    "data.curled_share": (0.0, 1.0),
    "normalization.length_exponent": (0.0, 1.0),
    "normalization.absolute_length_px": (1.0, 10_000.0),
    "normalization.image_px": (8, 1024),
    "split.seed": (0, LARGEST_SEED),
    "split.fold": (0, 999),  # and below `split.folds`
    "split.folds": (2, 1000),
    "split.validation_share": (0.001, 0.9),
    "split.training_share": (0.001, 1.0),
    "model.input_px": (0, 2048),
    "model.width_multiplier": (0.05, 4.0),
    "model.stem_stride": (1, 2),
    "model.middle_modules": (1, 64),
    "model.batch_norm_momentum": (0.0, 0.99999),
    "model.dropout_rate": (0.0, 0.95),
    "super_resolution.initial_sigma": (0.0, 1.0),
    "super_resolution.pretraining_epochs": (0, 100_000),
    "augmentation.rotation_degrees": (0.0, 180.0),
    "augmentation.shift_px": (0.0, 50.0),
    "augmentation.stretch": (0.0, 1.0),
    "augmentation.bend_px": (0.0, 50.0),
    "augmentation.gamma": (0.0, 2.0),
    "augmentation.gain": (0.0, 2.0),
    "augmentation.blur": (0.0, 1.0),
    "augmentation.noise": (0.0, 1.0),
    "augmentation.cut_out": (0.0, 1.0),
    "optimizer.learning_rate": (1e-12, 100.0),
    "optimizer.reference_batch_size": (1, 1_000_000),
    "optimizer.warmup_epochs": (0.0, 100_000.0),
    "optimizer.momentum": (0.0, 0.99999),
    "optimizer.rate_decay": (0.0, 1000.0),
    "optimizer.weight_decay": (0.0, 1000.0),
    "optimizer.gradient_clip_norm": (0.0, 1e9),
    "training.epochs": (1, 100_000),
    "training.patience_epochs": (0, 100_000),
    "training.batch_size": (1, 1_000_000),
    "training.accumulation_steps": (1, 1_000_000),
    "training.label_smoothing": (0.0, 0.99),
    "training.devices": (0, 1_000_000),
    "training.checkpoint_every_steps": (1, 1_000_000_000),
    "training.log_every_steps": (1, 1_000_000_000),
    "evaluation.batch_size": (1, 1_000_000),
    "evaluation.turned_share": (1e-6, 1 - 1e-6),
    "evaluation.bootstrap_resamples": (10, 10_000_000),
    "evaluation.confidence_level": (0.5, 0.9999),
}
# Lists of whole numbers: how many, the lowest and the highest.
LISTS: dict[str, tuple[int, int, int]] = {
    "split.sizes": (3, 1, 100_000_000),
    "super_resolution.features": (2, 1, 4096),
}
# Texts of a free form, and whether they may be empty.
TEXTS: dict[str, bool] = {
    "name": False,
    "preset": True,
    "data.dataset": False,
    "data.repeats": True,
    "split.test_only": True,
    "data.data_dir": False,
    "data.manual_dir": True,
    "data.own_folder": True,
    "data.unlabelled_folder": True,
    "data.unlabelled_reader": True,
    "model.init_from": True,
}
# Texts that become part of a folder's name.
_NAMES = ("name", "preset")


def find_problems(config: ConfigDict) -> list[str]:
    """Return all problems of a config, so that a user corrects a command once.

    Args:
        config: Config made by a file of `configs/`, with overrides, or a stored one.

    Returns:
        One sentence per problem; empty for a valid config.
    """
    fields = _flatten(config.to_dict())
    # What follows compares values, which needs values of the right kind.
    return _find_wrong_kinds(fields) or (
        _find_wrong_values(fields) + find_data_set_problems(fields) + find_contradictions(config)
    )


def _find_wrong_kinds(fields: Mapping[str, Any]) -> list[str]:
    """Return the fields that are missing, unknown or of another kind than they must be."""
    known = {**CHOICES, **RANGES, **LISTS, **TEXTS}
    problems = [f"`{path}` must be set, got nothing." for path in known if path not in fields]
    for path, value in fields.items():
        if path not in known:
            # Of a stored config, whose names can be anything.
            shown = ascii(path)[1:-1]
            problems.append(f"`{shown}` must be a field of this version, got an unknown one.")
        elif path in CHOICES or path in TEXTS:
            if not isinstance(value, str):
                problems.append(f"`{path}` must be a text, got {value!r}.")
        elif path in LISTS:
            if not isinstance(value, list | tuple) or not all(map(_is_whole, value)):
                problems.append(f"`{path}` must be a list of whole numbers, got {value!r}.")
        elif isinstance(RANGES[path][0], int):
            if not _is_whole(value):
                problems.append(f"`{path}` must be a whole number, got {value!r}.")
        elif not _is_whole(value) and not isinstance(value, float):
            problems.append(f"`{path}` must be a number, got {value!r}.")
    return problems


def _find_wrong_values(fields: Mapping[str, Any]) -> list[str]:
    """Return the fields whose values are out of range, each by itself."""
    problems = []
    for path, allowed in CHOICES.items():
        if fields[path] not in allowed:
            problems.append(f"`{path}` must be one of {', '.join(allowed)}, got {fields[path]!r}.")
    ranges = RANGES | {"split.fold": (0, max(fields["split.folds"] - 1, 0))}
    for path, (low, high) in ranges.items():
        # False for NaN too.
        if not low <= fields[path] <= high:
            problems.append(
                f"`{path}` must be between {_show(low)} and {_show(high)}, got {fields[path]}."
            )
    for path, (count, lowest, highest) in LISTS.items():
        value = fields[path]
        if len(value) != count or not all(lowest <= one <= highest for one in value):
            problems.append(
                f"`{path}` must be {count} numbers between {lowest} and {highest}, got {value}."
            )
    return problems + [what for path in TEXTS if (what := _find_text_problem(path, fields[path]))]


def _find_text_problem(path: str, value: str) -> str:
    """Return what is wrong with a text of a free form; empty for nothing."""
    if not value.strip() and (value or not TEXTS[path]):
        return f"`{path}` must be a text, got {value!r}."
    if re.search(r"[\x00-\x1f]", value):
        return f"`{path}` must be a text of one line, got {value!r}."
    if path in _NAMES:
        wrong = re.search(r"[/\\]", value) or value in (".", "..")
        return f"`{path}` must be a name without `/` and `\\`, got {value!r}." if wrong else ""
    return "" if _has_home(value) else f"`{path}` must be a path, got {value!r} of an unknown user."


def _flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of all fields by path, such as `training.epochs`."""
    fields: dict[str, Any] = {}
    for name, value in values.items():
        inner = isinstance(value, Mapping) and value  # An empty section is a field, an unknown one.
        fields |= _flatten(value, f"{prefix}{name}.") if inner else {prefix + name: value}
    return fields


def _has_home(path: str) -> bool:
    try:
        Path(path).expanduser()
    except RuntimeError:
        return False
    return True


def _is_whole(value: object) -> bool:
    # True and False are whole numbers to Python.
    return isinstance(value, int) and not isinstance(value, bool)


def _show(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
