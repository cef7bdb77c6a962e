"""Xception on crops whose length grows with the square root of the relative length.

| question | Do small chromosomes benefit from more pixels? |
| compare with | `length_cell` |
| presets | those of `configs/xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.xception import get_config as get_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with this change and the given preset."""
    config = get_xception(preset)
    with config.unlocked():
        config.name = "length_square_root"
        config.normalization.length = "cell"
        config.normalization.length_exponent = 0.5
    return config
