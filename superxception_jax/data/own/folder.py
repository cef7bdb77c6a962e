"""A laboratory's own folder: image files named by class, or a table `labels.csv`."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from superxception_jax.chromosomes import class_label, natural_key
from superxception_jax.data.image_file import SUFFIXES, read_grey, scale_to_8_bits
from superxception_jax.data.record import ChromosomeRecord, raise_problems

TABLE = "labels.csv"
_COLUMNS = ("file", "class", "cell", "case")
_CLASS_AT_END = re.compile(r"(?:.* )?([0-9]+|[XY])[A-Z]?", re.IGNORECASE)
_LAYOUT = (
    "name files `<cell>/<anything> <class>[a|b|...].<bmp|png|tif|jpg>`, "
    f"or write a table `{TABLE}` with the columns file,class[,cell][,case]"
)


@dataclasses.dataclass(frozen=True)
class _Entry:
    """An image that a folder or table lists; the texts are not checked yet."""

    where: str
    file: str
    label: str
    cell: str
    case: str


def find_folder(folder: str | Path) -> Path:
    """Return the absolute path of a laboratory's folder.

    Args:
        folder: Path of the folder; `~` is the home folder.

    Returns:
        The absolute path.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    path = Path(folder).expanduser().absolute()
    if not str(folder) or not path.is_dir():
        raise FileNotFoundError(
            f"`folder` must be a folder of chromosome images, got {str(folder)!r} (looked for "
            f"{path}); create it and {_LAYOUT}."
        )
    return path


def content_hash(folder: Path) -> str:
    """Return a hash of the names, sizes and modification times of a folder's files.

    Args:
        folder: Folder of the laboratory.

    Returns:
        12 hexadecimal digits; another value whenever an image or the table changes.
    """
    digest = hashlib.sha256()
    for file in _files(folder):
        status = file.stat()
        line = f"{file.relative_to(folder).as_posix()}\0{status.st_size}\0{status.st_mtime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:12]


def load_folder(folder: Path) -> list[ChromosomeRecord]:
    """Load and check a laboratory's whole folder.

    With a table, only the files that it lists are loaded. A row without a cell takes the folder
    of the file; a row without a case takes the cell.

    Args:
        folder: Folder of the laboratory, as `find_folder` returns it.

    Returns:
        All chromosomes, sorted by cell, then name; 16-bit images are scaled together.

    Raises:
        ValueError: There are no images, or some are damaged or misnamed; all are listed.
    """
    problems: list[str] = []
    entries = list(_table_entries(folder) if (folder / TABLE).is_file() else _entries(folder))
    if not entries:
        raise ValueError(f"`folder` must hold images, got none in {folder}; {_LAYOUT}.")
    images: list[np.ndarray] = []
    records: dict[str, ChromosomeRecord] = {}
    for entry in entries:
        try:
            record = _record(folder, entry)
            if record.name in records:
                raise ValueError(f"`{record.name}` is in the data set twice")
            records[record.name] = record
            images.append(record.image)
        except ValueError as error:
            problems.append(f"{entry.where}: {error}")
    raise_problems(problems, source=str(folder))
    scaled = zip(records.values(), scale_to_8_bits(images), strict=True)
    result = [dataclasses.replace(record, image=image) for record, image in scaled]
    return sorted(result, key=lambda record: (natural_key(record.cell), natural_key(record.name)))


def describe_unknown_cases(cells: Iterable[str], cases: Iterable[str]) -> str:
    """Return a sentence for users where no patients are known.

    Args:
        cells: Cell of each image.
        cases: Case of each image.

    Returns:
        One line of text; empty where a cell has a case with another name.
    """
    pairs = set(zip(cells, cases, strict=True))
    if any(cell != case for cell, case in pairs):
        return ""
    noun = "cell" if len(pairs) == 1 else "cells"
    return (
        f"own: {len(pairs):,} {noun} without a patient (column `case` of `{TABLE}`): every cell "
        "counts as a case of its own, and the split `cases` equals `cells`."
    )


def _files(folder: Path) -> list[Path]:
    files = (
        file
        for file in folder.rglob("*")
        if (file.suffix.lower() in SUFFIXES or file == folder / TABLE)
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and file.is_file()
    )
    return sorted(files)


def _entries(folder: Path) -> Iterator[_Entry]:
    for file in _files(folder):
        relative = file.relative_to(folder)
        match = _CLASS_AT_END.fullmatch(file.stem)
        cell = relative.parts[0] if len(relative.parts) == 2 else ""
        label = match[1] if match else ""
        yield _Entry(relative.as_posix(), relative.as_posix(), label, cell, cell)


def _table_entries(folder: Path) -> Iterator[_Entry]:
    file = folder / TABLE
    try:
        text = file.read_text("utf-8-sig")  # Spreadsheets put a byte-order mark first.
    except UnicodeDecodeError as error:
        raise ValueError(
            f"`{file}` must be UTF-8 text, got other bytes; save it again as UTF-8."
        ) from error
    head = text.split("\n", 1)[0]
    # Where the comma is the decimal sign, spreadsheets write semicolons into CSV files.
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",")
    columns = [str(name).strip().lower() for name in rows.fieldnames or []]
    rows.fieldnames = columns
    if not {"file", "class"} <= set(columns) or not set(columns) <= set(_COLUMNS):
        raise ValueError(
            f"`{file}` must have the columns file,class and may have cell,case, "
            f"got {','.join(columns) or 'none'}; correct its first line."
        )
    for row in rows:
        values = {name: (row.get(name) or "").strip() for name in _COLUMNS}
        name = values["file"].replace("\\", "/")
        cell = values["cell"] or name.rpartition("/")[0]
        where = f"{TABLE} line {rows.line_num} ({name})"
        yield _Entry(where, name, values["class"], cell, values["case"] or cell)


def _record(folder: Path, entry: _Entry) -> ChromosomeRecord:
    if not entry.cell:
        raise ValueError(
            "its cell is unknown: the file must be in `<cell>/`, or the table must name the cell"
        )
    if not entry.label:
        raise ValueError("its class is unknown: the name must end in ` <class>[a|b|...]`")
    label = class_label(entry.label)
    path = (folder / entry.file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError("the file must be in the folder of the data set")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the file can't be read ({error.strerror})") from error
    name = entry.file.rpartition(".")[0]
    return ChromosomeRecord(read_grey(content), label, entry.cell, entry.case, name)
