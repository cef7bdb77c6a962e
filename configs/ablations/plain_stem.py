"""Xception with the three layers of the stack as an ordinary stem.

| question | Are these parameters more useful as super-resolution than as three more layers? |
| compare with | `super_xception`, which has the same number of parameters |
| presets | those of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-Xception with this change and the given preset."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "plain_stem"
        config.super_resolution.skip = "none"
        config.super_resolution.initialization = "glorot"
        config.super_resolution.final_activation = "relu"
    return config
