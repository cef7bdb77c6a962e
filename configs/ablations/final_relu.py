"""Super-Xception with a ReLU behind the third layer, as the paper's text can be read.

| question | Does a residual that can only brighten hurt? |
| compare with | `super_xception` |
| presets | as of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of super_xception with this one change, at the size of `preset`."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "final_relu"
        config.super_resolution.final_activation = "relu"
    return config
