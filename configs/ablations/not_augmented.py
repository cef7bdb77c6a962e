"""Xception without augmentation of the training images.

| question | How much does augmentation help? |
| compare with | `augmented` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "not_augmented"
        for name in config.augmentation:
            config.augmentation[name] = 0.0
    return config
