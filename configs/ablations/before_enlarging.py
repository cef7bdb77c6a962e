"""Super-Xception with the super-resolution stack on the canvas, before enlarging.

| question | Does the stack need the enlarged image? On the canvas it costs a fraction. |
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
        config.name = "before_enlarging"
        config.super_resolution.place = "before_enlarging"
    return config
