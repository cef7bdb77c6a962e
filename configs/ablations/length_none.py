"""Xception on crops that are stretched to the canvas: no size is left.

| question | What is size worth? |
| compare with | `length_absolute`, `length_cell` |
| presets | as of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of xception with this one change, at the size of `preset`."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "length_none"
        config.normalization.length = "none"
    return config
