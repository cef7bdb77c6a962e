"""StripNet: this project's small residual network for straightened chromosomes at 50×50.

| source | `superxception_jax/models/stripnet.py` |
| row | none in the paper |
| presets | all of `configs/base.py`, such as `:bioimage`; `:laboratories`, `:adapt` |
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
    # With label smoothing the lowest validation loss comes long before the most certain weights.
    "training.kept": "last",
    "optimizer.learning_rate": 2e-3,
}

# What a network needs to read laboratories that it never saw: the scale of a cell from all of its
# lengths, and training images that differ more than those of one laboratory do.
ROBUST = {
    "normalization.length_reference": "lengths",
    "model.width_multiplier": 1.0,
    "augmentation.stretch": 0.2,
    "augmentation.bend_px": 3.0,
    "augmentation.gamma": 0.4,
    "augmentation.gain": 0.3,
    "augmentation.blur": 1.0,
    "augmentation.noise": 0.02,
    "augmentation.cut_out": 0.2,
}
# Presets of this network alone: the preset that they build on, and what they change of it.
OWN_PRESETS = {
    # A network of two laboratories' G-bands.
    "laboratories": (
        "gband",
        ROBUST
        | {
            "data.dataset": "gband,tseng",
            # Where arms touch, straightening fails: most of what else is misread.
            "data.curled_share": 0.5,
            "training.epochs": 16,
        },
    ),
    # A short training from the included G-band network, which stays if nothing is gained.
    "adapt": (
        "own",
        ROBUST
        | {
            "data.own_polarity": "any",
            "model.init_from": "gband",
            "model.start": "kept_unless_improved",
            "training.kept": "lowest_loss",
            "training.batch_size": 16,
            "training.epochs": 20,
            "optimizer.learning_rate": 1e-3,
        },
    ),
}


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of StripNet with the given preset."""
    if preset in OWN_PRESETS:
        other, changes = OWN_PRESETS[preset]
        config = get_config(other).unlock()
        config.update_from_flattened_dict({"preset": preset, **changes})
        return config.lock()
    config = get_base()
    config.name = "stripnet"
    config.model.name = "stripnet"
    set_cpu_size(config)
    config.update_from_flattened_dict(CHANGES)
    return apply_preset(
        config, preset, cpu_changes=CHANGES, table_epochs=20, own_presets=OWN_PRESETS
    )
