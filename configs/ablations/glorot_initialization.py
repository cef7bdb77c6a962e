"""Super-Xception with Glorot initialisation of the stack instead of one near the identity.

| question | Does it matter that the stack starts near the identity? |
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
        config.name = "glorot_initialization"
        config.super_resolution.initialization = "glorot"
    return config
