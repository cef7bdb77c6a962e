"""Xception on a canvas that is enlarged further, without learned super-resolution.

| question | Is it the larger input that helps? |
| compare with | `xception`, `not_enlarged` |
| presets | as of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of xception with this one change, at the size of `preset`."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "enlarging_only"
        config.model.input_px = 299 if preset == "paper" else 96
    return config
