"""Train and test a config.

    python launch/main.py --config=configs/super_xception.py
    python launch/main.py --config=configs/super_xception.py:bioimage --config.seed=1
    python launch/main.py --workdir=runs/super_xception-bioimage-20260101-120000

The last form resumes a stopped run with its own config and its own split. A data set that has
changed since the start is refused, and the images that differ are listed.

Several processes train one network where SLURM, Open MPI or Cloud TPU start them, or by hand:

    python launch/main.py --config=… --coordinator=HOST:PORT --process_count=2 --process_index=0
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.system import check_training_platform

check_training_platform()

from absl import flags
from ml_collections import config_flags

from superxception_jax.commands import check_config_file, resuming
from superxception_jax.runs.process_flags import run_joined_command

CONFIG = config_flags.DEFINE_config_file(
    "config",
    None,
    "Config file and preset, such as configs/super_xception.py:bioimage; presets: none (embedded "
    "synthetic cells, minutes), :smoke, :bioimage, :gband, :table, :paper, :own; StripNet also "
    ":laboratories, :adapt. Any field can be overridden: --config.training.epochs=10",
)
WORKDIR = flags.DEFINE_string(
    "workdir",
    "",
    "Run folder; default: runs/<config>-<preset>-<time>. An existing run of the same config is "
    "resumed.",
)
USE_STORED_SPLIT = flags.DEFINE_boolean(
    "use_stored_split",
    False,
    "If the data set has grown: resume with the images of the run's start; added cells are left "
    "out.",
)
PROFILE = flags.DEFINE_boolean(
    "profile",
    False,
    "Trace five steps, for TensorBoard and Perfetto, into the folder `trace` of the run.",
)
DATA_DIR = flags.DEFINE_string("data_dir", "", "Prepared data sets; default: as in the config.")
MANUAL_DIR = flags.DEFINE_string("manual_dir", "", "Data archives; default: as in the config.")
OWN_FOLDER = flags.DEFINE_string(
    "own_folder", "", "Own folder of cells, where it has moved; default: as in the config."
)


def main() -> None:
    """Train and test the config given by the flags."""
    # Imported after the flags are parsed, so that `--help` and mistakes in the flags are
    # answered at once.
    from superxception_jax.runs.experiment import build_experiment
    from superxception_jax.runs.run import train_and_test
    from superxception_jax.runs.workdir import (
        command_again,
        holds_run,
        load_config,
        make_workdir,
        with_places,
    )
    from superxception_jax.training.hosts.processes import tell

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
    places = {
        "data_dir": DATA_DIR.value,
        "manual_dir": MANUAL_DIR.value,
        "own_folder": OWN_FOLDER.value,
    }
    experiment = build_experiment(with_places(config, places))
    if not WORKDIR.value:
        preset = experiment.preset or "embedded"
        name = f"{experiment.name}-{preset}-{time.strftime('%Y%m%d-%H%M%S')}"
        workdir = Path(tell(lambda: str(make_workdir(Path("runs"), name))))
    workdir = workdir.absolute()
    again = command_again("main.py", workdir, use_stored_split=USE_STORED_SPLIT.value)
    # The training says so itself.
    with resuming(f"Resume with: {again}"):
        files = train_and_test(
            experiment,
            workdir,
            overrides=overrides,
            use_stored_split=USE_STORED_SPLIT.value,
            profile=PROFILE.value,
        )
    for path in files:
        print(path)


if __name__ == "__main__":
    run_joined_command(main)
