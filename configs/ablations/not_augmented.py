"""Xception without random changes of the training images.

| question | What is augmentation worth? |
| compare with | `augmented` |
| presets | as of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of xception with this one change, at the size of `preset`."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "not_augmented"
        for name in config.augmentation:
            config.augmentation[name] = 0.0
    return config
