"""Xception on crops of one scale per cell, the paper's length normalisation.

| question | What is size relative to the cell worth? |
| compare with | `length_none`, `length_absolute`, `length_square_root` |
| presets | as of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of xception with this one change, at the size of `preset`."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "length_cell"
        config.normalization.length = "cell"
        config.normalization.length_exponent = 1.0
    return config
