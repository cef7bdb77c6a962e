"""Xception on crops of one scale for all cells.

| question | What is it worth to know the cell? |
| compare with | `length_none`, `length_cell` |
| presets | as of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of xception with this one change, at the size of `preset`."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "length_absolute"
        config.normalization.length = "absolute"
    return config
