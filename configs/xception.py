"""Xception without the super-resolution layers: the paper's strongest baseline.

| source | Chollet 2017; Swati, Sharma, Vig, Table 1 |
| row | Xception, Adam 1e-4, 50 epochs: 91.80 % |
| presets | all of `configs/base.py`, for example `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Xception at the size of `preset`."""
    config = get_base()
    config.name = "xception"
    config.model.name = "xception"
    config.training.epochs = 50
    return apply_preset(config, preset, cpu_changes={}, table_epochs=8)
