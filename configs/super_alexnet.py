"""Super-AlexNet: three super-resolution convolutions in front of AlexNet.

| source | Swati, Sharma, Vig, Table 1 |
| row | Super-AlexNet, Adam 1e-4, 100 epochs: 89.30 % |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.alexnet import get_config as get_alexnet


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-AlexNet with the given preset."""
    config = get_alexnet(preset)
    with config.unlocked():
        config.name = config.model.name = "super_alexnet"
    return config
