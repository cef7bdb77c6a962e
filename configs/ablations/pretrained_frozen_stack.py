"""Super-Xception with a stack pretrained on restoring high-resolution crops, then frozen.

| question | Does restored detail help if the classifier can't change the restoration? |
| compare with | `super_xception`, `pretrained_stack` |
| presets | those of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-Xception with this change and the given preset."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "pretrained_frozen_stack"
        config.super_resolution.pretraining_epochs = 2 if preset == "smoke" else 10
        config.super_resolution.parameters = "frozen"
    return config
