"""Configs of earlier versions, as runs, exports and tables have stored them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

# Fields that later versions added, with the value that their absence means.
ADDED: dict[str, Any] = {
    "augmentation.cut_out": 0.0,
    "data.memory_share": 0.5,
    "data.curled_share": 0.0,
    "data.own_twins": "refuse",
    "data.repeats": "",
    "data.own_polarity": "upright",
    "data.unlabelled_folder": "",
    "data.unlabelled_reader": "",
    "data.unlabelled_polarity": "any",
    "normalization.length_reference": "longest",
    "split.test_only": "",
    "model.start": "replaced",
    "model.precision": "float32",
    "model.rematerialization": "none",
    "optimizer.batch_scaling": "none",
    "optimizer.reference_batch_size": 32,
    "training.accumulation_steps": 1,
    "training.kept": "lowest_loss",
    "training.patience_epochs": 0,
}
# Fields that have moved.
MOVED: dict[str, str] = {
    "training.optimizer": "optimizer.name",
    "training.learning_rate": "optimizer.learning_rate",
    "training.schedule": "optimizer.schedule",
    "training.warmup_epochs": "optimizer.warmup_epochs",
    "training.momentum": "optimizer.momentum",
    "training.rate_decay": "optimizer.rate_decay",
    "training.weight_decay": "optimizer.weight_decay",
    "training.gradient_clip_norm": "optimizer.gradient_clip_norm",
}


def upgrade_config(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a stored config in the form of this version, with the meaning that it had.

    Args:
        values: Config as JSON values, of this or an earlier version.

    Returns:
        The upgraded copy, and what was changed: one short text per field, none for a config of
        this version.
    """
    upgraded = copy.deepcopy(dict(values))
    changes = []
    for before, after in MOVED.items():
        section, name = before.split(".")
        if name in upgraded.get(section, {}):
            _set(upgraded, after, upgraded[section].pop(name))
            changes.append(f"{before} is now {after}")
    for path, value in ADDED.items():
        if not _holds(upgraded, path):
            _set(upgraded, path, value)
            changes.append(f"{path}={value!r}")
    return upgraded, tuple(changes)


def _holds(values: Mapping[str, Any], path: str) -> bool:
    section, name = path.split(".")
    return name in values.get(section, {})


def _set(values: dict[str, Any], path: str, value: Any) -> None:
    section, name = path.split(".")
    values.setdefault(section, {})[name] = value
