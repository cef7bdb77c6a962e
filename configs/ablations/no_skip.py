"""Super-Xception whose stack replaces the image instead of adding to it.

| question | Does it matter that the stack learns a residual? |
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
        config.name = "no_skip"
        config.super_resolution.skip = "none"
    return config
