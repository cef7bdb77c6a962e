"""Train and test a config.

    python launch/main.py --config=configs/super_xception.py
    python launch/main.py --config=configs/super_xception.py:bioimage --config.seed=1
    python launch/main.py --workdir=runs/super_xception-bioimage-20260101-120000

The last form resumes a stopped run with its own config.
"""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.system import check_training_platform

check_training_platform()

from absl import flags
from ml_collections import config_flags

from superxception_jax.commands import check_config_file, run_command
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.run import train_and_test
from superxception_jax.runs.workdir import holds_run, load_config

CONFIG = config_flags.DEFINE_config_file(
    "config",
    None,
    "Config file and preset, such as configs/super_xception.py:bioimage; presets: none (embedded "
    "synthetic cells, minutes), :smoke, :bioimage, :gband, :table, :paper, :own. Any field can "
    "be overridden: --config.training.epochs=10",
)
WORKDIR = flags.DEFINE_string(
    "workdir",
    "",
    "Run folder; default: runs/<config>-<preset>-<time>. An existing run of the same config is "
    "resumed.",
)


def main() -> None:
    """Train and test the config given by the flags."""
    workdir = Path(WORKDIR.value)
    if flags.FLAGS["config"].present:
        file, _, _ = config_flags.get_config_filename(flags.FLAGS["config"]).partition(":")
        check_config_file(Path(file))
        config = CONFIG.value
        overrides = config_flags.get_override_values(flags.FLAGS["config"])
    elif WORKDIR.value and holds_run(workdir):
        config, overrides = load_config(workdir), {}
    else:
        raise ValueError(
            "`--config` must name a config file, or `--workdir` an existing run, got neither; "
            "try --config=configs/super_xception.py"
        )
    experiment = build_experiment(config)
    if not WORKDIR.value:
        preset = experiment.preset or "embedded"
        workdir = Path("runs") / f"{experiment.name}-{preset}-{time.strftime('%Y%m%d-%H%M%S')}"
    workdir = workdir.absolute()
    try:
        for path in train_and_test(experiment, workdir, overrides=overrides):
            print(path)
    except KeyboardInterrupt as stop:
        # Outside of the training, which says so itself.
        stop.add_note(f"Resume with: python launch/main.py --workdir={shlex.quote(str(workdir))}")
        raise


if __name__ == "__main__":
    run_command(main)
