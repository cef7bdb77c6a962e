"""What each ablation changes of the row with the same network: its fields and their values."""

from __future__ import annotations

from typing import Any

# The rate that they also set is that of the row.
_SGD: dict[str, Any] = {
    "optimizer.name": "nesterov",
    "optimizer.schedule": "inverse_time",
    "optimizer.warmup_epochs": 0.0,
    "optimizer.weight_decay": 0.0,
}
ABLATIONS: dict[str, dict[str, Any]] = {
    "augmented": {
        "augmentation.rotation_degrees": 10.0,
        "augmentation.shift_px": 2.0,
        "augmentation.stretch": 0.1,
        "augmentation.bend_px": 2.0,
        "augmentation.gamma": 0.2,
        "augmentation.gain": 0.2,
        "augmentation.blur": 0.5,
        "augmentation.noise": 0.01,
    },
    "before_enlarging": {"super_resolution.place": "before_enlarging"},
    "enlarging_only": {"model.input_px": 96},
    "final_relu": {"super_resolution.final_activation": "relu"},
    "glorot_initialization": {"super_resolution.initialization": "glorot"},
    "identity_stack": {
        "super_resolution.initial_sigma": 0.0,
        "super_resolution.parameters": "frozen",
    },
    "length_absolute": {"normalization.length": "absolute"},
    "length_cell": {"normalization.length_exponent": 1.0},
    "length_none": {"normalization.length": "none"},
    "length_square_root": {"normalization.length_exponent": 0.5},
    "no_skip": {"super_resolution.skip": "none"},
    "not_augmented": {
        "augmentation.rotation_degrees": 0.0,
        "augmentation.shift_px": 0.0,
        "augmentation.stretch": 0.0,
        "augmentation.bend_px": 0.0,
        "augmentation.gamma": 0.0,
        "augmentation.gain": 0.0,
        "augmentation.blur": 0.0,
        "augmentation.noise": 0.0,
    },
    "not_enlarged": {"model.input_px": 0},
    "not_straightened": {"normalization.straightening": "none"},
    "plain_stem": {
        "super_resolution.skip": "none",
        "super_resolution.initialization": "glorot",
        "super_resolution.final_activation": "relu",
    },
    "pretrained_frozen_stack": {
        "super_resolution.pretraining_epochs": 10,
        "super_resolution.parameters": "frozen",
    },
    "pretrained_stack": {"super_resolution.pretraining_epochs": 10},
    "resnet50_literal_optimizer": {
        **_SGD,
        "optimizer.momentum": 1e-6,
        "optimizer.rate_decay": 0.9,
    },
    "resnet50_swapped_optimizer": {
        **_SGD,
        "optimizer.momentum": 0.9,
        "optimizer.rate_decay": 1e-6,
    },
    "straightened": {"normalization.straightening": "medial_axis"},
}
# Values that differ at one preset.
AT_PRESET: dict[tuple[str, str], dict[str, Any]] = {
    ("enlarging_only", "paper"): {"model.input_px": 299},
    # Those of Xception, with which it is compared.
    ("identity_stack", "paper"): {"training.epochs": 50},
    ("pretrained_frozen_stack", "smoke"): {"super_resolution.pretraining_epochs": 2},
    ("pretrained_stack", "smoke"): {"super_resolution.pretraining_epochs": 2},
}
