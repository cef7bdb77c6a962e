"""Reader of a laboratory's own folder: files named by class, or a table `labels.csv`."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import re
from collections.abc import Iterator
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
    """One image that a folder announces; the texts are unchecked."""

    where: str
    file: str
    label: str
    cell: str
    case: str


def find_folder(folder: str | Path) -> Path:
    """Find a laboratory's folder.

    Args:
        folder: its path; `~` is the home folder.

    Returns:
        The absolute path.

    Raises:
        FileNotFoundError: there is no such folder.

    **Source:** ours, because a path of the command line is often relative or mistyped.
    """
    path = Path(folder).expanduser().absolute()
    if not str(folder) or not path.is_dir():
        raise FileNotFoundError(
            f"`folder` must be a folder of chromosome images, got {str(folder)!r} (looked for "
            f"{path}); create it and {_LAYOUT}."
        )
    return path


def content_hash(folder: Path) -> str:
    """Hash the names, sizes and times of change of the files of a folder.

    Args:
        folder: a laboratory's folder.

    Returns:
        12 hexadecimal digits, another value whenever an image or the table changes.

    **Source:** ours, because a prepared data set must not outlive the files it came from.
    """
    digest = hashlib.sha256()
    for file in _files(folder):
        status = file.stat()
        line = f"{file.relative_to(folder).as_posix()}\0{status.st_size}\0{status.st_mtime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:12]


def load_folder(folder: Path) -> list[ChromosomeRecord]:
    """Read and check a laboratory's whole folder.

    With a table, only the files that it lists are read.  A row without a cell takes the
    folder of the file; a row without a case takes the cell.

    Args:
        folder: as `find_folder` returns it.

    Returns:
        All chromosomes, sorted by cell, then name; 16-bit images scaled together.

    Raises:
        ValueError: there are no images, or some are damaged or misnamed; all are listed.

    **Source:** ours, because laboratories name files by hand.
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
                raise ValueError(f"`{record.name}` stands in the data set twice")
            records[record.name] = record
            images.append(record.image)
        except ValueError as error:
            problems.append(f"{entry.where}: {error}")
    raise_problems(problems, source=str(folder))
    scaled = zip(records.values(), scale_to_8_bits(images), strict=True)
    result = [dataclasses.replace(record, image=image) for record, image in scaled]
    return sorted(result, key=lambda record: (natural_key(record.cell), natural_key(record.name)))


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
        raise ValueError(f"`{file}` must be UTF-8 text, got other bytes; save it anew.") from error
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
        raise ValueError("its cell is unknown: it must stand in `<cell>/` or the table must say")
    if not entry.label:
        raise ValueError("its class is unknown: the name must end in ` <class>[a|b|...]`")
    label = class_label(entry.label)
    path = (folder / entry.file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError("the file must lie in the folder of the data set")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the file can't be read ({error.strerror})") from error
    name = entry.file.rpartition(".")[0]
    return ChromosomeRecord(read_grey(content), label, entry.cell, entry.case, name)
