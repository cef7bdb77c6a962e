"""Super-Xception: three super-resolution convolutions in front of Xception.

| source | Swati, Sharma, Vig, "Automatic Classification of Low-Resolution Chromosomal Images" |
| row | Super-Xception, Adam 1e-4, 80 epochs: 92.36 % |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-Xception with the given preset."""
    config = get_base()
    config.name = "super_xception"
    config.model.name = "super_xception"
    config.training.epochs = 80
    return apply_preset(config, preset, cpu_changes={}, table_epochs=8)
