"""Xception with random changes of the training images.

| question | What is augmentation worth? |
| compare with | `not_augmented` |
| presets | as of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import set_augmentation
from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of xception with this one change, at the size of `preset`."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "augmented"
        set_augmentation(config)
    return config
