"""ResNet-50 without super-resolution layers.

| source | He, Zhang, Ren, Sun 2015; Swati, Sharma, Vig, Table 1 |
| row | ResNet-50, SGD with Nesterov momentum, learning rate 1e-3, 30 epochs: 87.64 % |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of ResNet-50 with the given preset."""
    config = get_base()
    config.name = "resnet50"
    config.model.name = "resnet50"
    # The paper prints "momentum 1e-6, decay 0.9", probably exchanged: Keras' examples have momentum
    # 0.9 and decay 1e-6. See configs/ablations/resnet50_literal_optimizer.py.
    config.optimizer.name = "nesterov"
    config.optimizer.learning_rate = 1e-3
    config.optimizer.schedule = "inverse_time"
    config.optimizer.momentum = 0.9
    config.optimizer.rate_decay = 1e-6
    config.training.epochs = 30
    return apply_preset(config, preset, cpu_changes={}, table_epochs=8)
