"""Super-Xception whose stack works on the canvas, before the enlarging.

| question | Does the stack need the enlarged image? Here it costs a fraction. |
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
        config.name = "before_enlarging"
        config.super_resolution.place = "before_enlarging"
    return config
