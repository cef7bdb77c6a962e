"""AlexNet without super-resolution layers: the control for Super-AlexNet.

| source | Krizhevsky, Sutskever, Hinton 2012; Swati, Sharma, Vig, Table 1 has Super-AlexNet only |
| row | AlexNet, not in the paper; optimiser and number of epochs as for Super-AlexNet |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of AlexNet with the given preset."""
    config = get_base()
    config.name = "alexnet"
    config.model.name = "alexnet"
    config.model.dropout_rate = 0.5  # the rate of Krizhevsky et al. 2012
    config.training.epochs = 100
    return apply_preset(
        config,
        preset,
        cpu_changes={"model.dropout_rate": 0.5, "optimizer.learning_rate": 3e-4},
        table_epochs=16,
    )
