"""Xception behind the stack's three layers used as an ordinary stem.

| question | Are these parameters worth more as super-resolution than as three more layers? |
| compare with | `super_xception`, which has exactly as many parameters |
| presets | as of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of super_xception with this one change, at the size of `preset`."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "plain_stem"
        config.super_resolution.skip = "none"
        config.super_resolution.initialization = "glorot"
        config.super_resolution.final_activation = "relu"
    return config
