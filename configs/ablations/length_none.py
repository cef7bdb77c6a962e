"""Xception on crops stretched to the canvas, which removes all information about size.

| question | How much does size contribute? |
| compare with | `length_absolute`, `length_cell` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "length_none"
        config.normalization.length = "none"
    return config
