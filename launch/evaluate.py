"""Evaluate again the weights that a run keeps, without training.

python launch/evaluate.py --workdir=runs/super_xception-embedded-20260101-120000 --split=validation

The run's own split is tested. A data set that has changed since the start of the run is refused,
and the images that differ are listed. The results of a run whose training has not ended say so.
"""

from __future__ import annotations

import sys
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.system import check_training_platform

check_training_platform()

from absl import flags

from superxception_jax.data.splits import PARTS
from superxception_jax.runs.process_flags import run_joined_command

WORKDIR = flags.DEFINE_string("workdir", "", "Run folder.")
SPLIT = flags.DEFINE_enum("split", "test", PARTS, "Split to evaluate.")
DATA_DIR = flags.DEFINE_string("data_dir", "", "Prepared data sets; default: as in the run.")
MANUAL_DIR = flags.DEFINE_string("manual_dir", "", "Data archives; default: as in the run.")
OWN_FOLDER = flags.DEFINE_string(
    "own_folder", "", "Own folder of cells, where it has moved; default: as in the run."
)
USE_STORED_SPLIT = flags.DEFINE_boolean(
    "use_stored_split",
    False,
    "If the data set has grown: evaluate on the images of the run's start; added cells are left "
    "out.",
)


def main() -> None:
    """Evaluate the run given by the flags."""
    # Imported after the flags are parsed, so that `--help` and mistakes in the flags are
    # answered at once.
    from superxception_jax.runs.experiment import build_experiment
    from superxception_jax.runs.run import evaluate_run
    from superxception_jax.runs.workdir import CONFIG_FILE, holds_run, load_config, with_places

    workdir = Path(WORKDIR.value)
    if not WORKDIR.value or not holds_run(workdir):
        raise FileNotFoundError(
            f"`--workdir` must be the folder of a run with a {CONFIG_FILE}, "
            f"got `{WORKDIR.value}`; train one with launch/main.py."
        )
    places = {
        "data_dir": DATA_DIR.value,
        "manual_dir": MANUAL_DIR.value,
        "own_folder": OWN_FOLDER.value,
    }
    config = with_places(load_config(workdir), places)
    for path in evaluate_run(
        build_experiment(config),
        workdir.absolute(),
        split=SPLIT.value,
        use_stored_split=USE_STORED_SPLIT.value,
    ):
        print(path)


if __name__ == "__main__":
    run_joined_command(main)
