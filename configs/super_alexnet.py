"""Super-AlexNet: three super-resolution convolutions in front of AlexNet.

| source | Swati, Sharma, Vig, Table 1 |
| row | Super-AlexNet, Adam 1e-4, 100 epochs: 89.30 % |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-AlexNet with the given preset."""
    config = get_base()
    config.name = "super_alexnet"
    config.model.name = "super_alexnet"
    config.model.dropout_rate = 0.5  # the rate of Krizhevsky et al. 2012
    config.training.epochs = 100
    return apply_preset(
        config,
        preset,
        cpu_changes={"model.dropout_rate": 0.5, "optimizer.learning_rate": 3e-4},
        table_epochs=16,
    )
