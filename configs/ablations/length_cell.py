"""Xception on crops at one scale per cell, the length normalisation of the paper.

| question | How much does the size relative to the cell contribute? |
| compare with | `length_none`, `length_absolute`, `length_square_root` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "length_cell"
        config.normalization.length = "cell"
        config.normalization.length_exponent = 1.0
    return config
