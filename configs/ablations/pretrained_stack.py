"""Super-Xception with a stack pretrained on restoring high-resolution crops.

| question | Does real super-resolution help the classifier? |
| compare with | `super_xception` |
| presets | those of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-Xception with this change and the given preset."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "pretrained_stack"
        # Pretraining uses those training images that are larger than the canvas.
        config.super_resolution.pretraining_epochs = 2 if preset == "smoke" else 10
    return config
