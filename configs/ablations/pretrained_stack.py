"""Super-Xception whose stack has first learned to restore crops of high resolution.

| question | Does real super-resolution help the classifier? |
| compare with | `super_xception` |
| presets | as of `configs/super_xception.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.super_xception import get_config as get_super_xception


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of super_xception with this one change, at the size of `preset`."""
    config = get_super_xception(preset)
    with config.unlocked():
        config.name = "pretrained_stack"
        # Training images only, and of those the ones that the canvas shrinks.
        config.super_resolution.pretraining_epochs = 2 if preset == "smoke" else 10
    return config
