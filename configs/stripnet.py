"""StripNet: this project's small residual network for straightened chromosomes at 50×50.

| source | `superxception_jax/models/stripnet.py` |
| row | none in the paper |
| presets | all of `configs/base.py`, such as `:bioimage`; `:adapt` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base, set_cpu_size

CHANGES = {
    "model.input_px": 0,  # the canvas as it is, because enlarging adds no information
    "model.width_multiplier": 1.5,
    "model.dropout_rate": 0.3,
    "model.polarity": "read",  # training on turned images also improves the accuracy
    "model.test_views": "both",
    "normalization.grey": "cell",
    "augmentation.gain": 0.1,
    "training.epochs": 40,
    "optimizer.learning_rate": 2e-3,
}

# From `:own`: a short training from the included G-band network, which stays if nothing is gained.
ADAPTATION = {
    "preset": "adapt",
    "model.init_from": "gband",
    "model.start": "kept_unless_improved",
    "model.width_multiplier": 1.0,
    "optimizer.learning_rate": 3e-4,
    "training.epochs": 12,
}


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of StripNet with the given preset."""
    if preset == "adapt":
        adapting = get_config("own").unlock()
        adapting.update_from_flattened_dict(ADAPTATION)
        return adapting.lock()
    config = get_base()
    config.name = "stripnet"
    config.model.name = "stripnet"
    set_cpu_size(config)
    config.training.epochs = 50
    config.update_from_flattened_dict(CHANGES)
    return apply_preset(config, preset, cpu_changes=CHANGES, table_epochs=20)
