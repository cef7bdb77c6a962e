"""ResNet-50 with the optimiser as the paper prints it: momentum 1e-6, decay 0.9.

| question | Is the paper's result for ResNet-50 an artefact of its optimiser? |
| compare with | `resnet50_swapped_optimizer` |
| presets | those of `configs/resnet50.py` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.resnet50 import get_config as get_resnet50


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of ResNet-50 with this change and the given preset."""
    config = get_resnet50(preset)
    with config.unlocked():
        config.name = "resnet50_literal_optimizer"
        # The rate falls to a tenth after ten steps and to a thousandth after 1,110 steps.
        config.optimizer.name = "nesterov"
        config.optimizer.learning_rate = 1e-3
        config.optimizer.schedule = "inverse_time"
        config.optimizer.warmup_epochs = 0.0
        config.optimizer.weight_decay = 0.0
        config.optimizer.momentum = 1e-6
        config.optimizer.rate_decay = 0.9
    return config
