"""Super-ResNet: three super-resolution convolutions in front of ResNet-50.

| source | Swati, Sharma, Vig, Table 1 |
| row | Super-ResNet, 90.55 %; optimiser and number of epochs assumed to be as for ResNet-50 |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.resnet50 import get_config as get_resnet50


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-ResNet with the given preset."""
    config = get_resnet50(preset)
    with config.unlocked():
        config.name = config.model.name = "super_resnet50"
    return config
