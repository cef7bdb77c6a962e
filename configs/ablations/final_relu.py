"""Super-Xception with a ReLU after the third layer, one reading of the paper's text.

| question | Is a residual that can only brighten the image harmful? |
| compare with | `super_xception` |
| presets | those of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-Xception with this change and the given preset."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "final_relu"
        config.super_resolution.final_activation = "relu"
    return config
