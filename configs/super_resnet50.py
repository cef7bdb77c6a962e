"""Super-ResNet: three super-resolution convolutions in front of ResNet-50.

| source | Swati, Sharma, Vig, Table 1 |
| row | Super-ResNet, 90.55 %; optimiser and number of epochs assumed to be as for ResNet-50 |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-ResNet with the given preset."""
    config = get_base()
    config.name = "super_resnet50"
    config.model.name = "super_resnet50"
    # The paper prints "momentum 1e-6, decay 0.9", probably exchanged: Keras' examples have momentum
    # 0.9 and decay 1e-6. See configs/ablations/resnet50_literal_optimizer.py.
    config.optimizer.name = "nesterov"
    config.optimizer.learning_rate = 1e-3
    config.optimizer.schedule = "inverse_time"
    config.optimizer.momentum = 0.9
    config.optimizer.rate_decay = 1e-6
    config.training.epochs = 30
    return apply_preset(config, preset, cpu_changes={}, table_epochs=8)
