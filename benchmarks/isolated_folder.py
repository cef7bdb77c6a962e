"""Unpack the cut-out chromosomes of another laboratory as a folder for the data set `own`.

The archive tseng_isolated.zip holds `<set>/<cell>/<name> <class>.png` and `<set>/cells.csv`,
which says of which case a cell is.

Example:
  python benchmarks/isolated_folder.py --data "$SUPERXCEPTION_DATA" --out runs/tseng_cells
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import zipfile
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from superxception_jax.commands import run_guarded
from superxception_jax.files import replacing

ARCHIVE = "tseng_isolated.zip"


def unpack(archive: Path, folder: Path) -> int:
    """Write the images and their table of labels; return the number of images."""
    count = 0
    with zipfile.ZipFile(archive) as opened:
        cells = opened.read(f"{archive.stem}/cells.csv").decode("utf-8-sig").splitlines()
        cases = {row["cell"]: row["case"] for row in csv.DictReader(cells)}
        folder.mkdir(parents=True, exist_ok=True)
        with (
            replacing(folder / "labels.csv") as temporary,
            temporary.open("w", newline="", encoding="utf-8") as table,
        ):
            writer = csv.writer(table)
            writer.writerow(["file", "class", "cell", "case"])
            for name in sorted(opened.namelist()):
                file = PurePosixPath(name)
                if file.suffix != ".png":
                    continue
                cell = file.parent.name
                target = folder / cell / file.name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(opened.read(name))
                label = file.stem.rpartition(" ")[2].rstrip("ab")
                writer.writerow([f"{cell}/{file.name}", label, cell, cases[cell]])
                count += 1
    return count


def main() -> None:
    """Unpack the archive."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SUPERXCEPTION_DATA"))
    parser.add_argument("--out", type=Path, default=Path("runs/tseng_cells"))
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("`--data` must be the folder of the archive; or set SUPERXCEPTION_DATA")
    count = unpack(arguments.data / ARCHIVE, arguments.out)
    print(f"{count:,} images in {arguments.out}")


if __name__ == "__main__":
    run_guarded(main)
