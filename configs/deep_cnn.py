"""Deep CNN, the simplest baseline of the paper: six convolutions and two sigmoid layers.

| source | Swati, Sharma, Vig, Table 1 |
| row | Deep CNN, Adam 1e-4, 150 epochs: 87.50 % |
| presets | all of `configs/base.py`, such as `:bioimage` |
"""

from __future__ import annotations

from ml_collections import ConfigDict

from configs.base import apply_preset, get_base


def get_config(preset: str = "") -> ConfigDict:
    """Return the config of the Deep CNN with the given preset."""
    config = get_base()
    config.name = "deep_cnn"
    config.model.name = "deep_cnn"
    config.training.epochs = 150
    return apply_preset(
        config, preset, cpu_changes={"optimizer.learning_rate": 3e-4}, table_epochs=40
    )
