"""The Padova Q-band set as its authors publish it.

Files are named `<cell>/<cell> <class><a|b>.bmp`; the X and Y of males carry no letter.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from superxception_jax.chromosomes import CLASS_NAMES, class_label, natural_key
from superxception_jax.data.archive import Archive, find_archive, load_archive
from superxception_jax.data.images.image_file import decode_image
from superxception_jax.data.normalization.background import fill_transparency
from superxception_jax.data.record import ChromosomeRecord

_IMAGE_NAME = re.compile(r"([0-9]+) ([0-9]+|[XY])([A-Z]?)\.BMP", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class ExpectedCounts:
    """Content of a complete archive.

    Every cell and class is counted, because public loaders lose 89 chromosomes of this set
    unnoticed.

    Attributes:
        cells: Number of cells.
        chromosomes_per_cell: Number of images of each cell.
        images_per_class: Number of images of each class, in the order of `CLASS_NAMES`.
    """

    cells: int
    chromosomes_per_cell: int
    images_per_class: tuple[int, ...]


PADOVA_COUNTS = ExpectedCounts(
    cells=119, chromosomes_per_cell=46, images_per_class=(238,) * 22 + (193, 45)
)


def load_bioimage(manual_dir: str | Path, *, expected: ExpectedCounts) -> list[ChromosomeRecord]:
    """Load and check the whole Padova set.

    Args:
        manual_dir: Folder or file of the archive, see `find_archive`.
        expected: Content of a complete archive.

    Returns:
        All chromosomes, sorted by cell, then name; no patients are named, so the case is the cell.

    Raises:
        FileNotFoundError: The archive is missing; the message says how to get it.
        ValueError: Files are damaged or misnamed, or counts differ; all are listed.

    Source: Poletti, Grisan, Ruggeri, EMBC 2008 (10.1109/IEMBS.2008.4649560).
    """
    return load_archive(
        find_archive(manual_dir, archive=PADOVA),
        archive=PADOVA,
        parse=_parse,
        find_problems=functools.partial(count_problems, expected=expected),
    )


def count_problems(records: Iterable[ChromosomeRecord], *, expected: ExpectedCounts) -> list[str]:
    """List how the counts of cells, chromosomes and classes differ from a complete set.

    Args:
        records: All chromosomes.
        expected: Content of a complete archive.

    Returns:
        One line per difference; empty for a complete set.
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
        raise ValueError("the name must be `<cell> <class><a|b>.bmp`")
    if match[1] != folder:
        raise ValueError(f"the name says cell {match[1]}, the folder cell {folder}")
    label = class_label(match[2])
    image = fill_transparency(decode_image(content), background="dark")
    return ChromosomeRecord(image, label, cell=folder, case=folder, name=f"{folder}/{name[:-4]}")


def _is_image(parts: tuple[str, ...]) -> bool:
    return parts[-2].isdecimal() and parts[-1].lower().endswith(".bmp")


PADOVA = Archive(
    title="the Padova Q-band set",
    instructions="""\
119 karyotypes, 5,474 chromosomes (Poletti, Grisan, Ruggeri, EMBC 2008), from
     https://bioimlab.dei.unipd.it/Automatic%20Karyotyping%20Classification.htm""",
    folder="single_chromosomes",
    depth=2,
    is_image=_is_image,
)
