"""Write the network of a finished run into a small folder that can be handed on.

    python launch/export.py --workdir=runs/reader --out=my_reader
    python launch/karyotype.py --images=my_lab --workdir=my_reader

The folder holds the config, the calibration, the results, a model card and the variables in half
precision; the optimiser's state and the images stay behind.
"""

from __future__ import annotations

import sys
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from absl import flags

from superxception_jax.commands import run_command
from superxception_jax.runs.reader import export_classifier

WORKDIR = flags.DEFINE_string("workdir", "", "Folder of the finished run.")
OUT = flags.DEFINE_string("out", "", "Folder to write.")


def main() -> None:
    """Export the network that the flags name."""
    if not OUT.value:
        raise ValueError("`--out` must be a folder to write, got nothing; name one.")
    for path in export_classifier(WORKDIR.value, OUT.value):
        print(f"{path} ({path.stat().st_size:,} bytes)")


if __name__ == "__main__":
    run_command(main)
