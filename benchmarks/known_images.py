"""Write which images an exported network of an earlier version was trained on, beside its weights.

The data must be those of its training: the split of its config is drawn from them again, and must
test as many cells as its results say. Of a run that kept its split, launch/export.py writes the
file itself. A network that starts from an included one is written after that one.

Example:
  python benchmarks/known_images.py --network superxception_jax/weights/gband
      --manual_dir "$SUPERXCEPTION_DATA" --own_folder runs/tseng_cells
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from superxception_jax.commands import run_guarded
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.lineage import collect_trained
from superxception_jax.runs.results import load_results
from superxception_jax.runs.split_data import draw_split, load_everything
from superxception_jax.runs.split_file import describe_split
from superxception_jax.runs.trained_images import save_trained
from superxception_jax.runs.workdir import load_config, with_places


def write_known_images(network: Path, places: dict[str, str]) -> Path:
    """Write the hashes of a network's images from its data, and return the file.

    Args:
        network: Folder of the exported network.
        places: Folders of its data by name, see `with_places`.

    Raises:
        ValueError: They are not the data of its training, as far as the results tell, or it was
            trained on cells without labels, which no split names.
    """
    experiment = build_experiment(with_places(load_config(network), places))
    if experiment.unlabelled_folder:
        raise ValueError(
            f"`--network` must be trained on labelled cells alone, got `{network}`; export its run "
            "with launch/export.py."
        )
    everything = load_everything(experiment)
    split = draw_split(experiment)(everything)
    tested = load_results(network)
    # Cells where they are whole: a later version may set another image of one aside.
    found, expected, unit = len(split.test), tested.images, "images"
    if tested.cells is not None:
        found = len(set(everything.cells[split.test].tolist()))
        expected, unit = tested.cells.cells, "cells"
    if found != expected:
        raise ValueError(
            f"the data must be those of the training of `{network}`, with {expected:,} test "
            f"{unit}, got {found:,}; give the folders as they were then."
        )
    stored = describe_split(everything, split)
    return save_trained(network, collect_trained(experiment, stored, None))


def main() -> None:
    """Write the file of the network that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", type=Path, required=True, help="Its folder.")
    for name in ("data_dir", "manual_dir", "own_folder"):
        parser.add_argument(f"--{name}", default="", help="As of launch/main.py.")
    places = vars(parser.parse_args())
    path = write_known_images(places.pop("network"), places)
    print(f"{path} ({path.stat().st_size:,} bytes)")


if __name__ == "__main__":
    run_guarded(main)
