"""Xception with augmentation of the training images.

| question | How much does augmentation help? |
| compare with | `not_augmented` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import set_augmentation
from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "augmented"
        set_augmentation(config)
    return config
