"""Reader of the Padova Q-band archive, as the public zip file or unpacked.

Files are named `<cell>/<cell> <class><a|b>.bmp`; the X and Y of males carry no letter.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from superxception_jax.chromosomes import CLASS_NAMES, class_label, natural_key
from superxception_jax.data.archive import (
    ArchiveLayout,
    find_archive_file,
    load_archive_file,
)
from superxception_jax.data.image_file import read_grey, scale_to_8_bits
from superxception_jax.data.record import ChromosomeRecord, raise_problems

FOLDER = "single_chromosomes"
_IMAGE_NAME = re.compile(r"([0-9]+) ([0-9]+|[XY])([A-Z]?)\.BMP", re.IGNORECASE)
_MISSING = """\
`manual_dir` must hold the Padova Q-band set, got nothing like it in {path}; do one of these:
  1. Get the set: 119 karyotypes, 5,474 chromosomes (Poletti, Grisan, Ruggeri, EMBC 2008), from
     https://bioimlab.dei.unipd.it/Automatic%20Karyotyping%20Classification.htm
     No licence is known: never redistribute the images.
  2. Put the zip file, or the unpacked folder `single_chromosomes`, into
     {path}
  3. Or run without it, on cells drawn by the computer:
     python launch/main.py --config=configs/super_xception.py"""


@dataclasses.dataclass(frozen=True)
class ExpectedCounts:
    """State what a complete archive holds.

    **Source:** ours, because public loaders lost 89 chromosomes of this set unnoticed.

    Attributes:
        cells: number of cells.
        chromosomes_per_cell: number of images of each cell.
        images_per_class: number of images of each class, in the order of `CLASS_NAMES`.
    """

    cells: int
    chromosomes_per_cell: int
    images_per_class: tuple[int, ...]


PADOVA_COUNTS = ExpectedCounts(
    cells=119, chromosomes_per_cell=46, images_per_class=(238,) * 22 + (193, 45)
)


def find_archive(manual_dir: str | Path) -> Path:
    """Find the Padova set as a zip file or a folder.

    Args:
        manual_dir: a folder that holds the zip file (under any name) or the folder
            `single_chromosomes`, or one of these two itself.

    Returns:
        The zip file, or the folder that holds the folders of the cells.

    Raises:
        FileNotFoundError: there is none; the message says where to get it.

    **Source:** ours, because the set may not be redistributed or downloaded for users.
    """
    return find_archive_file(manual_dir, layout=_LAYOUT, missing=_MISSING)


def load_archive(path: Path, *, expected: ExpectedCounts) -> list[ChromosomeRecord]:
    """Read and check the whole archive.

    Args:
        path: a zip file or folder as `find_archive` returns it.
        expected: what a complete archive holds.

    Returns:
        All chromosomes, sorted by cell, then name.

    Raises:
        ValueError: files are damaged or misnamed, or counts differ; all are listed.

    **Source:** Poletti et al. 2008 for the set; the checks are ours, because each quirk
    of its file names broke a public loader.
    """
    records, problems = load_archive_file(path, layout=_LAYOUT, parse=_parse)
    # Counts differ for certain when files were refused: only the cause is worth a line.
    if not problems:
        problems = count_problems(records, expected=expected)
    raise_problems(problems, source=str(path))
    return sorted(records, key=lambda record: natural_key(record.name))


def count_problems(records: Iterable[ChromosomeRecord], *, expected: ExpectedCounts) -> list[str]:
    """List how the counts of cells, chromosomes and classes differ from a complete set.

    Args:
        records: all chromosomes.
        expected: what a complete archive holds.

    Returns:
        One line per difference, empty for a complete set.

    **Source:** ours, because a partly unpacked archive trains without complaint.
    """
    per_cell: Counter[str] = Counter()
    per_class: Counter[int] = Counter()
    for record in records:
        per_cell[record.cell] += 1
        per_class[record.label] += 1
    problems = []
    if len(per_cell) != expected.cells:
        missing = [str(n) for n in range(1, expected.cells + 1) if str(n) not in per_cell]
        names = f"; missing: {', '.join(missing)}" if missing else ""
        problems.append(f"cells: expected {expected.cells}, found {len(per_cell)}{names}")
    for cell in sorted(per_cell, key=natural_key):
        if per_cell[cell] != expected.chromosomes_per_cell:
            problems.append(
                f"cell {cell}: expected {expected.chromosomes_per_cell} chromosomes, "
                f"found {per_cell[cell]}"
            )
    for label, count in enumerate(expected.images_per_class):
        if per_class[label] != count:
            problems.append(
                f"class {CLASS_NAMES[label]}: expected {count} images, found {per_class[label]}"
            )
    return problems


def _parse(file: str, content: bytes) -> ChromosomeRecord:
    folder, name = PurePosixPath(file).parts[-2:]
    match = _IMAGE_NAME.fullmatch(name)
    if match is None:
        raise ValueError("the name must read `<cell> <class><a|b>.bmp`")
    if match[1] != folder:
        raise ValueError(f"the name says cell {match[1]}, the folder cell {folder}")
    label = class_label(match[2])
    image = scale_to_8_bits([read_grey(content)])[0]
    return ChromosomeRecord(image, label, cell=folder, case=folder, name=f"{folder}/{name[:-4]}")


def _is_image(parts: tuple[str, ...]) -> bool:
    return parts[-2].isdecimal() and parts[-1].lower().endswith(".bmp")


_LAYOUT = ArchiveLayout(folder=FOLDER, depth=2, is_image=_is_image)
