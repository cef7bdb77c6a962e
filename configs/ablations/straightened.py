"""Xception on crops straightened along the medial axis.

| question | Does straightening along the medial axis help? |
| compare with | `not_straightened` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "straightened"
        config.normalization.straightening = "medial_axis"
    return config
