"""Count what a reviewer has to do: corrections and flags a cell, and errors that no flag shows.

The included networks karyotype cells of patients that they never saw, with the images upright, as
they are, and turned by 180° at random. The folder must hold bioimlab_qband.zip and
gband_karyograms.zip; `suspected_labels.py` must have written its JSON file, for the images whose
labels may be slips are counted once more without them. With the runs of several folds, the G-band
cells that each of them tested are counted, too.

Example:
  python benchmarks/review.py --data "$SUPERXCEPTION_DATA" --out results
  python benchmarks/review.py --folds runs/gband_reader/*-fold?
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm import tqdm

from benchmarks import stain_cells as sets
from benchmarks.page import made_by
from superxception_jax.commands import run_guarded
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.files import write_json, write_text
from superxception_jax.karyotyping.cell import (
    CellImages,
    Classifier,
    NamedImage,
    karyotype_cell,
)
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.review_flags import (
    UNCERTAIN_MARGIN_NATS,
    UNCERTAIN_ORIENTATION_TEXT,
)
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.reader import DEFAULT_CLASSIFIERS, load_classifier

SETS = (
    ("Padova, Q-bands", "bioimage", "dark", sets.load_padova),
    ("G-band karyograms", "gband", "light", sets.load_gband_karyograms),
)
# Share of the images that is turned, and what the program is told of it.
CONDITIONS = (
    ("as they are", 0.0, None),
    ("as they are", 0.0, 0.5),
    ("half turned", 0.5, None),
    ("half turned", 0.5, 0.5),
)


@dataclasses.dataclass
class Work:
    """What a reviewer has to do in a set of cells.

    Attributes:
        cells: Number of cells.
        chromosomes: Number of images.
        moves: Chromosomes whose assigned class is wrong, or that were set aside.
        turns: Chromosomes of which the wrong end is shown up.
        class_flags: Chromosomes with any other flag than that of the orientation.
        orientation_flags: Chromosomes flagged for their orientation only.
        cell_flags: Flags of cells as a whole.
        hidden_moves: Wrong classes without a flag, in cells whose margin isn't flagged either.
        suspected_moves: Wrong classes of images whose labels are suspected.
        suspected_flags: Of these images, those flagged for their class.
        hidden_suspected: Of these images, those without a flag, in a cell without one.
        hidden_turns: Wrong orientations without a flag.
    """

    cells: int = 0
    chromosomes: int = 0
    moves: int = 0
    turns: int = 0
    class_flags: int = 0
    orientation_flags: int = 0
    cell_flags: int = 0
    hidden_moves: int = 0
    suspected_moves: int = 0
    suspected_flags: int = 0
    hidden_suspected: int = 0
    hidden_turns: int = 0

    def add(
        self, found: Karyotype, *, cell: sets.Cell, turned: np.ndarray, suspected: Collection[str]
    ) -> None:
        """Count one cell; the names of its images in `found` are their numbers."""
        labels = cell.labels
        self.cells += 1
        self.chromosomes += len(labels)
        self.moves += len(labels) - len(found.chromosomes)
        self.cell_flags += len(found.flags)
        certain = found.margin >= UNCERTAIN_MARGIN_NATS
        for one in found.chromosomes:
            number = int(one.name)
            wrong, wrongly_turned = one.label != labels[number], one.turned != turned[number]
            of_class = any(flag != UNCERTAIN_ORIENTATION_TEXT for flag in one.flags)
            self.moves += int(wrong)
            self.turns += int(wrongly_turned)
            self.class_flags += int(of_class)
            self.orientation_flags += int(bool(one.flags) and not of_class)
            hidden = wrong and not one.flags and certain
            self.hidden_moves += int(hidden)
            if wrong and cell.names[number] in suspected:
                self.suspected_moves += 1
                self.suspected_flags += int(of_class)
                self.hidden_suspected += int(hidden)
            self.hidden_turns += int(wrongly_turned and not one.flags)


def total(parts: Sequence[Work]) -> Work:
    """Return the work of several sets of cells together."""
    return Work(
        **{
            field.name: sum(getattr(one, field.name) for one in parts)
            for field in dataclasses.fields(Work)
        }
    )


def count_work(
    cells: Sequence[sets.Cell],
    *,
    classifier: Classifier,
    share: float,
    told: float | None,
    suspected: Collection[str],
) -> Work:
    """Karyotype cells of which a share of the images is turned, and count the work."""
    work = Work()
    for number, cell in enumerate(tqdm(cells, unit=" cells")):
        turned = np.random.default_rng([0, number]).random(len(cell.images)) < share
        images = tuple(
            NamedImage(str(index), image[::-1, ::-1] if down else image)
            for index, (image, down) in enumerate(zip(cell.images, turned, strict=True))
        )
        found = karyotype_cell(
            CellImages(str(number), images),
            classifier=classifier,
            turned_share=told,
            background="dark",
        )
        work.add(found, cell=cell, turned=turned, suspected=suspected)
    return work


def count_folds(folder: Path, runs: Sequence[Path], suspected: Collection[str]) -> dict[str, Any]:
    """Return the row of the G-band cells that several runs tested, each its own."""
    works = [
        count_work(
            sets.load_gband_karyograms(folder, "test", run=run),
            classifier=load_classifier(run, name="--folds"),
            share=0.0,
            told=None,
            suspected=suspected,
        )
        for run in runs
    ]
    name = f"G-band karyograms, {len(works)} folds"
    return {"set": name, "images": "as they are", "told": None} | dataclasses.asdict(total(works))


def describe(rows: Sequence[dict], *, command: str, commit: str) -> str:
    """Return the page."""
    lines = [
        [
            row["set"],
            row["images"],
            "the images" if row["told"] is None else f"{row['told']:g}",
            str(row["cells"]),
            *(
                f"{row[name] / row['cells']:.2f}"
                for name in ("moves", "turns", "class_flags", "orientation_flags", "cell_flags")
            ),
            f"{row['hidden_moves']} of {row['moves']}",
            f"{(row['class_flags'] - row['suspected_flags']) / row['cells']:.2f}",
            f"{row['hidden_moves'] - row['hidden_suspected']} of "
            f"{row['moves'] - row['suspected_moves']}",
            f"{row['hidden_turns']} of {row['turns']}",
        ]
        for row in rows
    ]
    header = ["set", "images", "share of turned images from", "cells", "moves a cell"]
    header += ["turns a cell", "flags of a class a cell", "flags of orientation only a cell"]
    header += ["flags of the cell", "wrong classes without a flag"]
    header += ["flags of a class a cell, suspected labels left out"]
    header += ["wrong classes without a flag, suspected labels left out"]
    header += ["wrong turns without a flag"]
    return "\n".join(
        [
            "# What a reviewer has to do",
            "",
            "The included networks on cells of patients that they never saw. A wrong class is "
            "one move, a chromosome that is shown upside down one turn. A wrong class is flagged "
            "if its chromosome is, or if the margin of its cell is. Wrong classes of images whose "
            "[labels are suspected](suspected_labels.md) are left out in two columns: a bound, and "
            "no result.",
            "",
            markdown_grid(header, lines),
            "",
            *made_by(command, commit=commit),
        ]
    )


def main() -> None:
    """Count the work for both networks and write `review.md` and `review.json`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SUPERXCEPTION_DATA"))
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument(
        "--folds", type=Path, nargs="*", default=[], help="Runs of several folds of the G-bands."
    )
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("`--data` must be the folder of the archives; or set SUPERXCEPTION_DATA")
    listed = arguments.out / "suspected_labels.json"
    if not listed.is_file():
        parser.error(f"`--out` must hold {listed.name}; write it with suspected_labels.py")
    suspected = json.loads(listed.read_text("utf-8"))["names"]
    rows = []
    for name, data_set, network, load in SETS:
        classifier = load_classifier(DEFAULT_CLASSIFIERS[network])
        cells = load(arguments.data, "test")
        for images, share, told in CONDITIONS:
            work = count_work(
                cells,
                classifier=classifier,
                share=share,
                told=told,
                suspected=suspected.get(data_set, ()),
            )
            rows.append({"set": name, "images": images, "told": told} | dataclasses.asdict(work))
            print(rows[-1], flush=True)
    if arguments.folds:
        rows.append(count_folds(arguments.data, arguments.folds, suspected.get("gband", ())))
        print(rows[-1], flush=True)
    provenance = describe_provenance()
    command = " ".join(
        ["python benchmarks/review.py", *(["--folds"] if arguments.folds else [])]
        + [str(run) for run in arguments.folds]
    )
    write_json(arguments.out / "review.json", {"rows": rows, "commit": provenance.commit})
    page = describe(rows, command=command, commit=provenance.commit or "unknown")
    write_text(arguments.out / "review.md", page)
    print(arguments.out / "review.md")


if __name__ == "__main__":
    run_guarded(main)
