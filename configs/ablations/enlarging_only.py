"""Xception on a further enlarged canvas, without learned super-resolution.

| question | Does a larger input alone explain the gain? |
| compare with | `xception`, `not_enlarged` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "enlarging_only"
        config.model.input_px = 299 if preset == "paper" else 96
    return config
