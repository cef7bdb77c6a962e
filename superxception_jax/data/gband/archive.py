"""Reader of the G-band karyograms, as the zip file or unpacked.

Files are named `<case>.<cell>.tiff/clase<k>/clase<k>_<i>_<case>.<cell>.tiff`, with class 23
for X and 24 for Y.  Aneuploid cells are real, so no cell has a fixed number of chromosomes.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from superxception_jax.chromosomes import CLASS_NAMES, class_label, natural_key
from superxception_jax.data.archive import (
    ArchiveLayout,
    find_archive_file,
    load_archive_file,
)
from superxception_jax.data.image_file import read_grey, scale_to_8_bits
from superxception_jax.data.record import ChromosomeRecord, raise_problems

FOLDER = "single_clase"
_IMAGE_NAME = re.compile(r"clase([0-9]+)_[0-9]+_(.+)\.tiff?", re.IGNORECASE)
_CELL = re.compile(r"([^.]+)\.[^.]+")
# In this cell the second 15 stands as 16, and every later pair one class too high: "XXYY" of
# two 22 and two X.  Only the name and the fault together are mended.
SHIFTED_CELL = "97002302.18"
_SHIFTED_COUNTS = (2,) * 14 + (1, 1) + (2,) * 8
_FIRST_SHIFTED_LABEL = 15
_MISSING = """\
`manual_dir` must hold the G-band karyograms, got nothing like them in {path}; do one of these:
  1. Get the set: 294 karyograms, 13,521 chromosomes, with files named
     single_clase/<case>.<cell>.tiff/clase<1..24>/clase<k>_<i>_<case>.<cell>.tiff
     No licence is known: never redistribute the images.
  2. Put the zip file, or the unpacked folder `single_clase`, into
     {path}
  3. Or run without it, on cells drawn by the computer:
     python launch/main.py --config=configs/super_xception.py"""


@dataclasses.dataclass(frozen=True)
class ExpectedCounts:
    """State what a complete archive holds.

    **Source:** ours, because trisomies and lost chromosomes leave only the totals to check.

    Attributes:
        cells: number of cells.
        cases: number of patients.
        images: number of images.
    """

    cells: int
    cases: int
    images: int


GBAND_COUNTS = ExpectedCounts(cells=294, cases=185, images=13_521)


def find_archive(manual_dir: str | Path) -> Path:
    """Find the G-band karyograms as a zip file or a folder.

    Args:
        manual_dir: a folder that holds the zip file (under any name) or the folder
            `single_clase`, or one of these two itself.

    Returns:
        The zip file, or the folder that holds the folders of the cells.

    Raises:
        FileNotFoundError: there is none; the message says what is wanted.

    **Source:** ours, because the set may not be redistributed or downloaded for users.
    """
    return find_archive_file(manual_dir, layout=_LAYOUT, missing=_MISSING)


def load_archive(path: Path, *, expected: ExpectedCounts) -> list[ChromosomeRecord]:
    """Read and check the whole archive.

    Args:
        path: a zip file or folder as `find_archive` returns it.
        expected: what a complete archive holds.

    Returns:
        All chromosomes, sorted by cell, then name; the case is the patient.  The classes of
        `SHIFTED_CELL` are mended; names stay those of the files.

    Raises:
        ValueError: files are damaged or misnamed, or counts differ; all are listed.

    **Source:** ours, because no reader of these karyograms keeps cells and patients.
    """
    records, problems = load_archive_file(path, layout=_LAYOUT, parse=_parse)
    # Counts differ for certain when files were refused: only the cause is worth a line.
    if not problems:
        problems = count_problems(records, expected=expected)
    raise_problems(problems, source=str(path))
    return sorted(_mend_shifted_cell(records), key=lambda record: natural_key(record.name))


def count_problems(records: Sequence[ChromosomeRecord], *, expected: ExpectedCounts) -> list[str]:
    """List how the counts of cells, cases and images differ from a complete set.

    Args:
        records: all chromosomes.
        expected: what a complete archive holds.

    Returns:
        One line per difference, empty for a complete set.

    **Source:** ours, because a partly unpacked archive trains without complaint.
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
        # An interrupted copy shows in its last cell; nothing says how many it should have.
        cell = min(sorted(per_cell, key=natural_key), key=per_cell.__getitem__)
        problems.append(f"cell {cell}: the smallest, with {per_cell[cell]} chromosomes")
    return problems


def _parse(file: str, content: bytes) -> ChromosomeRecord:
    cell_folder, class_folder, name = PurePosixPath(file).parts[-3:]
    match = _IMAGE_NAME.fullmatch(name)
    if match is None:
        raise ValueError("the name must read `clase<k>_<i>_<case>.<cell>.tiff`")
    number, cell = match[1], match[2]
    if class_folder.lower() != f"clase{number}":
        raise ValueError(f"the name says class {number}, the folder {class_folder}")
    if cell_folder.rpartition(".")[0] != cell:
        raise ValueError(f"the name says cell {cell}, the folder {cell_folder}")
    case = _CELL.fullmatch(cell)
    if case is None:
        raise ValueError(f"the cell must read `<case>.<cell>`, got {cell}")
    label = class_label(number)
    image = scale_to_8_bits([read_grey(content)])[0]
    stem = name.rpartition(".")[0]
    return ChromosomeRecord(image, label, cell=cell, case=case[1], name=f"{cell}/{stem}")


def _mend_shifted_cell(records: list[ChromosomeRecord]) -> list[ChromosomeRecord]:
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


_LAYOUT = ArchiveLayout(folder=FOLDER, depth=3, is_image=_is_image)
