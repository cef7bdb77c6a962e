"""Xception on crops that are turned upright but not straightened.

| question | Does straightening along the medial axis help? |
| compare with | `straightened` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "not_straightened"
        config.normalization.straightening = "none"
    return config
