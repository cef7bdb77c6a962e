"""Train a config and test it.

    python launch/main.py --config=configs/super_xception.py
    python launch/main.py --config=configs/super_xception.py:bioimage --config.seed=1
    python launch/main.py --workdir=runs/super_xception-bioimage-20260101-120000

The last form goes on with a run that was stopped, with its own config.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from absl import flags
from ml_collections import config_flags

from superxception_jax.commands import run_command
from superxception_jax.experiment import build_experiment, config_from_json
from superxception_jax.run import CONFIG_FILE, train_and_test

CONFIG = config_flags.DEFINE_config_file(
    "config",
    None,
    "Config file and preset, such as configs/super_xception.py:bioimage; presets: none (embedded "
    "synthetic cells, minutes), :smoke, :bioimage, :paper, :own. Any field can be overridden: "
    "--config.training.epochs=10",
)
WORKDIR = flags.DEFINE_string(
    "workdir",
    "",
    "Folder of the run; empty: runs/<config>-<preset>-<time>. An existing run of "
    "the same config is gone on with.",
)


def main() -> None:
    """Train and test the config that the flags name."""
    config, overrides, workdir = CONFIG.value, {}, Path(WORKDIR.value)
    if config is None:
        stored = workdir / CONFIG_FILE
        if not WORKDIR.value or not stored.exists():
            raise ValueError(
                "`--config` must name a config file, got nothing; "
                "try --config=configs/super_xception.py"
            )
        config = config_from_json(json.loads(stored.read_text(encoding="utf-8")))
    else:
        overrides = config_flags.get_override_values(flags.FLAGS["config"])
    experiment = build_experiment(config)
    if not WORKDIR.value:
        preset = experiment.preset or "embedded"
        workdir = Path("runs") / f"{experiment.name}-{preset}-{time.strftime('%Y%m%d-%H%M%S')}"
    for path in train_and_test(experiment, workdir.absolute(), overrides=overrides):
        print(path)


if __name__ == "__main__":
    run_command(main)
