"""The G-band karyograms as they are passed on.

Files are named `<case>.<cell>.tiff/clase<k>/clase<k>_<i>_<case>.<cell>.tiff`, with class 23
for X and 24 for Y. Aneuploid cells are real, so no cell has a fixed number of chromosomes.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from superxception_jax.chromosomes import CLASS_NAMES, class_label, natural_key
from superxception_jax.data.archive import Archive, find_archive, load_archive
from superxception_jax.data.images.image_file import decode_image
from superxception_jax.data.normalization.background import fill_transparency
from superxception_jax.data.record import ChromosomeRecord

_IMAGE_NAME = re.compile(r"clase([0-9]+)_[0-9]+_(.+)\.tiff?", re.IGNORECASE)
_CELL = re.compile(r"([^.]+)\.[^.]+")
# In this cell the second 15 is filed as 16, and every later pair one class too high: the two 22
# and two X appear as XXYY. Corrected only where the name and the fault are both found.
SHIFTED_CELL = "97002302.18"
_SHIFTED_COUNTS = (2,) * 14 + (1, 1) + (2,) * 8
_FIRST_SHIFTED_LABEL = 15


@dataclasses.dataclass(frozen=True)
class ExpectedCounts:
    """Content of a complete archive.

    Only totals can be checked, because some cells have a trisomy and others lack a chromosome.

    Attributes:
        cells: Number of cells.
        cases: Number of patients.
        images: Number of images.
    """

    cells: int
    cases: int
    images: int


GBAND_COUNTS = ExpectedCounts(cells=294, cases=185, images=13_521)


def load_gband(manual_dir: str | Path, *, expected: ExpectedCounts) -> list[ChromosomeRecord]:
    """Load and check all G-band karyograms.

    Args:
        manual_dir: Folder or file of the archive, see `find_archive`.
        expected: Content of a complete archive.

    Returns:
        All chromosomes, sorted by cell, then name; the case is the patient. The classes of
        `SHIFTED_CELL` are corrected; names stay those of the files.

    Raises:
        FileNotFoundError: The archive is missing; the message says what is needed.
        ValueError: Files are damaged or misnamed, or counts differ; all are listed.
    """
    records = load_archive(
        find_archive(manual_dir, archive=KARYOGRAMS),
        archive=KARYOGRAMS,
        parse=_parse,
        find_problems=functools.partial(count_problems, expected=expected),
    )
    return _correct_shifted_cell(records)


def count_problems(records: Sequence[ChromosomeRecord], *, expected: ExpectedCounts) -> list[str]:
    """List how the counts of cells, cases and images differ from a complete set.

    Args:
        records: All chromosomes.
        expected: Content of a complete archive.

    Returns:
        One line per difference; empty for a complete set.
    """
    per_cell = Counter(record.cell for record in records)
    problems = []
    for what, wanted, found in (
        ("cells", expected.cells, len(per_cell)),
        ("cases", expected.cases, len({record.case for record in records})),
        ("images", expected.images, len(records)),
    ):
        if found != wanted:
            problems.append(f"{what}: expected {wanted}, found {found}")
    if problems and per_cell:
        # An interrupted copy shows in its last cell; how many it should have is not known.
        cell = min(sorted(per_cell, key=natural_key), key=per_cell.__getitem__)
        problems.append(f"cell {cell}: the smallest, with {per_cell[cell]} chromosomes")
    return problems


def _parse(file: str, content: bytes) -> ChromosomeRecord:
    cell_folder, class_folder, name = PurePosixPath(file).parts[-3:]
    match = _IMAGE_NAME.fullmatch(name)
    if match is None:
        raise ValueError("the name must be `clase<k>_<i>_<case>.<cell>.tiff`")
    number, cell = match[1], match[2]
    if class_folder.lower() != f"clase{number}":
        raise ValueError(f"the name says class {number}, the folder {class_folder}")
    if cell_folder.rpartition(".")[0] != cell:
        raise ValueError(f"the name says cell {cell}, the folder {cell_folder}")
    case = _CELL.fullmatch(cell)
    if case is None:
        raise ValueError(f"the cell must be `<case>.<cell>`, got {cell}")
    label = class_label(number)
    image = fill_transparency(decode_image(content), background="light")
    stem = name.rpartition(".")[0]
    return ChromosomeRecord(image, label, cell=cell, case=case[1], name=f"{cell}/{stem}")


def _correct_shifted_cell(records: list[ChromosomeRecord]) -> list[ChromosomeRecord]:
    per_class = Counter(record.label for record in records if record.cell == SHIFTED_CELL)
    if tuple(per_class[label] for label in range(len(CLASS_NAMES))) != _SHIFTED_COUNTS:
        return records
    return [
        dataclasses.replace(record, label=record.label - 1)
        if record.cell == SHIFTED_CELL and record.label >= _FIRST_SHIFTED_LABEL
        else record
        for record in records
    ]


def _is_image(parts: tuple[str, ...]) -> bool:
    cell, folder, name = (part.lower() for part in parts)
    tiff = (".tif", ".tiff")
    return folder.startswith("clase") and name.endswith(tiff) and cell.endswith(tiff)


KARYOGRAMS = Archive(
    title="the G-band karyograms",
    instructions="""\
294 karyograms, 13,521 chromosomes, with files named
     single_clase/<case>.<cell>.tiff/clase<1..24>/clase<k>_<i>_<case>.<cell>.tiff""",
    folder="single_clase",
    depth=3,
    is_image=_is_image,
)
