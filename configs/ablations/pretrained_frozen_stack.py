"""Super-Xception whose stack has learned to restore crops and stays so.

| question | Does restored detail help where the classifier can't change the restoration? |
| compare with | `super_xception`, `pretrained_stack` |
| presets | as of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of super_xception with this one change, at the size of `preset`."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "pretrained_frozen_stack"
        config.super_resolution.pretraining_epochs = 2 if preset == "smoke" else 10
        config.super_resolution.parameters = "frozen"
    return config
