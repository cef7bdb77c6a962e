"""Xception without super-resolution layers: the strongest baseline of the paper.

| source | Chollet 2017; Swati, Sharma, Vig, Table 1 |
| row | Xception, Adam 1e-4, 50 epochs: 91.80 % |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception with the given preset."""
    config = get_base()
    config.name = "xception"
    config.model.name = "xception"
    config.training.epochs = 50
    return apply_preset(config, preset, cpu_changes={}, table_epochs=8)
