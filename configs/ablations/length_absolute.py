"""Xception on crops at the same scale for all cells.

| question | How much does it help to normalise lengths by the cell? |
| compare with | `length_none`, `length_cell` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "length_absolute"
        config.normalization.length = "absolute"
    return config
