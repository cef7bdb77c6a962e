"""Evaluate the best checkpoint of a run again, without training.

python launch/evaluate.py --workdir=runs/super_xception-embedded-20260101-120000 --split=validation
"""

from __future__ import annotations

import sys
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.system import check_training_platform

check_training_platform()

from absl import flags

from superxception_jax.commands import run_command
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.run import evaluate_run
from superxception_jax.runs.setup import SPLITS
from superxception_jax.runs.workdir import CONFIG_FILE, holds_run, load_config

WORKDIR = flags.DEFINE_string("workdir", "", "Run folder.")
SPLIT = flags.DEFINE_enum("split", "test", SPLITS, "Split to evaluate.")
DATA_DIR = flags.DEFINE_string("data_dir", "", "Prepared data sets; default: as in the run.")
MANUAL_DIR = flags.DEFINE_string("manual_dir", "", "Data archives; default: as in the run.")


def main() -> None:
    """Evaluate the run given by the flags."""
    workdir = Path(WORKDIR.value)
    if not WORKDIR.value or not holds_run(workdir):
        raise FileNotFoundError(
            f"`--workdir` must be the folder of a run with a {CONFIG_FILE}, "
            f"got `{WORKDIR.value}`; train one with launch/main.py."
        )
    config = load_config(workdir)
    with config.unlocked():
        config.data.data_dir = DATA_DIR.value or config.data.data_dir
        config.data.manual_dir = MANUAL_DIR.value or config.data.manual_dir
    for path in evaluate_run(build_experiment(config), workdir.absolute(), split=SPLIT.value):
        print(path)


if __name__ == "__main__":
    run_command(main)
