"""Super-Xception with a stack that replaces the image instead of adding a residual.

| question | Does it matter that the stack learns a residual? |
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
        config.name = "no_skip"
        config.super_resolution.skip = "none"
    return config
