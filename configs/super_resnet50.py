"""Super-ResNet: three super-resolution convolutions in front of ResNet-50.

| source | Swati, Sharma, Vig, Table 1 |
| row | Super-ResNet, 90.55 %; optimiser and length are taken to be those of ResNet-50 |
| presets | all of `configs/base.py`, for example `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of Super-ResNet at the size of `preset`."""
    config = get_base()
    config.name = "super_resnet50"
    config.model.name = "super_resnet50"
    # The paper's line reads "momentum 1e-6, decay 0.9"; Keras' usual one is the other way round,
    # see configs/ablations/resnet50_literal_optimizer.py.
    config.optimizer.name = "nesterov"
    config.optimizer.learning_rate = 1e-3
    config.optimizer.schedule = "inverse_time"
    config.optimizer.momentum = 0.9
    config.optimizer.rate_decay = 1e-6
    config.training.epochs = 30
    return apply_preset(config, preset, cpu_changes={}, table_epochs=8)
