"""Xception on the canvas without enlarging.

| question | Does bicubic enlarging help at all? |
| compare with | `xception`, `enlarging_only` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "not_enlarged"
        config.model.input_px = 0  # the canvas, also of another side that an override asks for
    return config
