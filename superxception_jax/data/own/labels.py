"""The classes of a laboratory's images: from its table, class folders or names of files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.data.file_names import shown_path
from superxception_jax.data.folders.class_names import (
    GRAMMAR,
    class_text,
    read_class_name,
    read_class_names,
)
from superxception_jax.data.folders.folder_tree import TABLE
from superxception_jax.data.folders.layout_record import CellFiles, FolderLayout
from superxception_jax.data.record import raise_problems

# A table that is not read would leave classes to the names of files.
_OTHER_TABLE = re.compile(
    r"labels?.*\.(?:csv|tsv|txt|xlsx?|ods|numbers|csv\..*)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class LabelledFile:
    """An image file whose cell and class are known.

    Attributes:
        path: The file.
        shown: Its path below the folder, for messages and names.
        label: Class, an entry of `CLASS_NAMES`.
        cell: Name of the cell, unique in the folder.
        case: Patient or sample; the cell's name where none is known.
        turned: Whether the image in the file is upside down; None if unknown.
    """

    path: Path
    shown: str
    label: str
    cell: str
    case: str
    turned: bool | None


def read_labels(layout: FolderLayout) -> list[LabelledFile]:
    """Return the images of a folder with their classes.

    Args:
        layout: Layout of the folder.

    Returns:
        The images, cell by cell.

    Raises:
        ValueError: A class is unknown, or may be something else, or a folder can't be opened; all
            are listed.
    """
    problems = _other_tables(layout) + _closed_folders(layout)
    found: list[LabelledFile] = []
    names: dict[str, str] = {}
    for cell in layout.cells:
        classes = _classes(cell, by_table=layout.kind == "table")
        for (file, label, reason), turned in zip(classes, cell.turned, strict=True):
            shown = layout.relative_name(file)
            one = LabelledFile(file, shown, label, cell.name, cell.case or cell.name, turned)
            name = shown.rpartition(".")[0]
            if not reason and name in names:
                reason = f"`{names[name]}` has the same name; delete or rename one"
            names[name] = shown
            if reason:
                problems.append(f"{shown}: {reason}")
            else:
                found.append(one)
    try:
        raise_problems(_merged(problems), source=shown_path(layout.folder))
    except ValueError as error:
        if layout.kind == "table":
            raise
        raise ValueError(
            f"{error}\n{GRAMMAR} Or write a table `{TABLE}` with the columns "
            "file,class[,cell][,case][,turned]."
        ) from None
    return found


def _classes(cell: CellFiles, *, by_table: bool) -> list[tuple[Path, str, str]]:
    """Return each file of a cell with its class and, where it has none, the reason."""
    if not any(cell.classes) and not by_table:
        own_name = cell.name.removeprefix(f"{cell.case}/")
        labels, reasons = read_class_names([file.stem for file in cell.files], cell=own_name)
        return list(zip(cell.files, labels, reasons, strict=True))
    rows = []
    for file, text in zip(cell.files, cell.classes, strict=True):
        label = reason = ""
        try:
            if not text:
                raise ValueError(f"its class is unknown: fill in the column `class` of `{TABLE}`")
            label = class_text(text)
            if not by_table:
                _check_contradiction(file, label=label)
        except ValueError as error:
            reason = str(error)
        rows.append((file, label, reason))
    return rows


def _check_contradiction(file: Path, *, label: str) -> None:
    try:
        named = read_class_name(file.stem, prefixes=())
    except ValueError:
        return  # The folder says what the name doesn't.
    if named.sure and named.text != label:
        raise ValueError(
            f"its folder says class {label}, its name class {named.text}; move or rename it"
        )


def _other_tables(layout: FolderLayout) -> list[str]:
    paths = (one.path for one in layout.left_out if _OTHER_TABLE.fullmatch(one.path.name))
    return [
        f"{layout.relative_name(path)}: this table would not be read; save it as `{TABLE}` at the "
        "top of the folder, or rename it"
        for path in paths
        if layout.table is None
    ]


def _closed_folders(layout: FolderLayout) -> list[str]:
    return [
        f"{layout.relative_name(one.path)}: {one.reason}; change its permissions, or move it "
        "elsewhere"
        for one in layout.left_out
        # A table lists all images that are needed.
        if one.is_closed and layout.kind != "table"
    ]


def _merged(problems: list[str]) -> list[str]:
    """Return problems without those whose reason is given already for the same folder."""
    seen: dict[tuple[str, str], int] = {}
    for problem in problems:
        where, _, reason = problem.partition(": ")
        key = (where.rpartition("/")[0], reason)
        seen[key] = seen.get(key, 0) + 1
    result, done = [], set()
    for problem in problems:
        where, _, reason = problem.partition(": ")
        key = (where.rpartition("/")[0], reason)
        if key not in done:
            more = f" and {seen[key] - 1} more" if seen[key] > 1 else ""
            result.append(f"{where}{more}: {reason}")
            done.add(key)
    return result
