"""Xception on straightened crops.

| question | Does straightening along the medial axis help? |
| compare with | `not_straightened` |
| presets | as of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of xception with this one change, at the size of `preset`."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "straightened"
        config.normalization.straightening = "medial_axis"
    return config
