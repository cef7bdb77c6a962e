from __future__ import annotations

import pytest

from configs.stripnet import get_config
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.setup import set_up


def test_every_part_of_an_accumulated_batch_is_split_over_the_devices(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    config.training.devices = 4
    config.training.batch_size = 24
    config.training.accumulation_steps = 4
    text = r"batch_size / training.accumulation_steps` must be a multiple of the 4 devices, got 6"
    with pytest.raises(ValueError, match=text):
        set_up(build_experiment(config))
