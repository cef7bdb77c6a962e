"""Export the network of a finished run into a small folder that can be shared.

    python launch/export.py --workdir=runs/my_run --out=my_network
    python launch/karyotype.py --images=my_lab --workdir=my_network

The folder holds the config, the calibration, the results, a model card, hashes of the images that
the network was trained on, and the weights in half precision, but neither the state of the
optimiser nor any image.
"""

from __future__ import annotations

import sys
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from absl import flags

from superxception_jax.commands import run_command

WORKDIR = flags.DEFINE_string("workdir", "", "Run folder of the finished run.")
OUT = flags.DEFINE_string("out", "", "Folder to write the exported network to.")


def main() -> None:
    """Export the network that the flags name."""
    # Imported after the flags are parsed, so that `--help` and mistakes in the flags are
    # answered at once.
    from superxception_jax.runs.reader import export_classifier

    if not OUT.value:
        raise ValueError("`--out` must be a folder to write, got nothing; name one.")
    for path in export_classifier(WORKDIR.value, OUT.value):
        print(f"{path} ({path.stat().st_size:,} bytes)")


if __name__ == "__main__":
    run_command(main)
