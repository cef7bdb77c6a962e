"""The cells of a folder as its table lists them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from superxception_jax.data.file_names import (
    folded_text,
    name_order,
    same_text,
    shown_name,
    shown_path,
)
from superxception_jax.data.folders.class_names import class_text
from superxception_jax.data.folders.folder_reading import CELL_IMAGES, NamedCell
from superxception_jax.data.folders.folder_tree import EMPTY, TABLE, FolderTree, LeftOut
from superxception_jax.data.folders.labels_table import ImageIndex, TableRow, spelling_problems
from superxception_jax.data.record import raise_problems

UNLISTED = f"not in {TABLE}"
_NO_FILE = "there is no such file; delete this row, or export the labels again"


def cells_of_table(
    tree: FolderTree, rows: Sequence[TableRow]
) -> tuple[list[NamedCell], list[LeftOut]]:
    """Return the cells that a table lists, and what it doesn't list.

    Args:
        tree: The folder of the table.
        rows: Rows of the table.

    Returns:
        The cells in natural order; a row without a cell or case takes those of its folders. And
        the images without a row.

    Raises:
        ValueError: Rows name no image or no cell, or an image twice; all are listed.
    """
    folder, images = tree.root.path, tree.root.all_images
    index, problems = ImageIndex(folder, images), list[str]()
    reasons = _reasons(tree)
    listed: dict[Path, TableRow] = {}
    for row in rows:
        try:
            file = index.find(row.file)
            if file is None:
                raise ValueError(_missing(row.file, folder, reasons))
            if file in listed:
                raise ValueError("the file is in the table twice")
            listed[file] = row
        except ValueError as error:
            problems.append(f"{row.where}: {error}")
    groups: dict[tuple[str, str], list[Path]] = {}
    located = _locate(folder, listed)
    for file, (*_, (case, cell)) in located.items():
        if cell:
            groups.setdefault((case, cell), []).append(file)
        else:
            problems.append(
                f"{listed[file].where}: its cell is unknown: the file must be in `<cell>/`, or "
                "the table must name the cell"
            )
    problems += _gaps(folder, listed, located)
    problems += _scattered(listed, located) + _merged(listed, located)
    problems += spelling_problems("case", [("", case) for case, _ in groups])
    raise_problems(problems, source=shown_path(folder / TABLE))
    if not listed:
        raise ValueError(f"`{shown_path(folder / TABLE)}` must list images, got none.")
    cells = []
    for case, name in sorted(groups, key=lambda one: tuple(map(name_order, one))):
        files = sorted(groups[case, name], key=lambda file: name_order(str(file)))
        path = Path(os.path.commonpath([file.parent for file in files]))
        classes = tuple(listed[file].label for file in files)
        turned = tuple(listed[file].turned for file in files)
        cells.append(NamedCell(case, name, path, tuple(files), classes, turned))
    left_out = [LeftOut(file, UNLISTED) for file in images if file not in listed]
    return cells, left_out


def split_stale(
    tree: FolderTree, rows: Sequence[TableRow]
) -> tuple[list[TableRow], list[TableRow]]:
    """Return the rows of a table without those that nobody needs, and the latter.

    A row whose file isn't there is not needed if it says no other cell than the folders in the
    name of the file do: then the table arranges the images as their folders do.

    Args:
        tree: The folder of the table.
        rows: Rows of the table.

    Returns:
        Both parts, in the order of the rows.
    """
    folder = tree.root.path
    index, reasons = ImageIndex(folder, tree.root.all_images), _reasons(tree)
    files = [folder / row.file.replace("\\", "/") for row in rows]
    inside = {
        file: row for file, row in zip(files, rows, strict=True) if file.is_relative_to(folder)
    }
    said = _locate(folder, inside)
    plain = _locate(folder, {file: replace(row, case="", cell="") for file, row in inside.items()})
    present, stale = list[TableRow](), list[TableRow]()
    for file, row in zip(files, rows, strict=True):
        needless = False
        if _is_missing(row.file, folder, index, reasons):
            case, cell = plain[file].place
            # Images beside the table are those of a cell with the name of the folder.
            by_folders = ((case, cell), (case, cell or shown_name(folder.name)))
            needless = _folded(said[file].place) in map(_folded, by_folders)
        (stale if needless else present).append(row)
    return present, stale


def _folded(place: tuple[str, str]) -> tuple[str, str]:
    return folded_text(place[0]), folded_text(place[1])


def _is_missing(file: str, folder: Path, index: ImageIndex, reasons: Mapping[Path, str]) -> bool:
    try:
        return index.find(file) is None and _missing(file, folder, reasons) == _NO_FILE
    except ValueError:
        return False


class _Location(NamedTuple):
    """Where a listed file lies, as names of folders, and whose it is.

    Attributes:
        parts: Its folders, without that of a class.
        own: The folder of its cell, around which is that of the case: it has the name of the cell,
            or holds no other cell; empty where there is none.
        place: Case and cell: those of its row, else those of its folders.
    """

    parts: tuple[str, ...]
    own: tuple[str, ...]
    place: tuple[str, str]


def _locate(folder: Path, listed: dict[Path, TableRow]) -> dict[Path, _Location]:
    folders = _folders(folder, listed)
    cells: dict[tuple[str, ...], set[str]] = {}
    for file, parts in folders.items():
        cells.setdefault(parts, set()).add(folded_text(listed[file].cell))
    found = {}
    for file, parts in folders.items():
        row, cell = listed[file], folded_text(listed[file].cell)
        named = [depth for depth, part in enumerate(parts, 1) if folded_text(part) == cell]
        own = parts if not cell or len(cells[parts]) == 1 else ()
        own = parts[: named[-1]] if named else own
        case = row.case or "/".join(own[:-1])
        # The folders of a file may name the case already.
        place = (case, (row.cell or "/".join(parts)).removeprefix(f"{case}/"))
        found[file] = _Location(parts, own, place)
    return found


def _folders(folder: Path, listed: dict[Path, TableRow]) -> dict[Path, tuple[str, ...]]:
    """Return the names of the folders of each listed file, without that of a class."""
    labels: dict[Path, set[str]] = {}
    for file, row in listed.items():
        labels.setdefault(file.parent, set()).add(_class_or_text(row.label))
    found = {}
    for file in listed:
        parts = tuple(same_text(shown_name(part)) for part in file.relative_to(folder).parts[:-1])
        if parts and labels[file.parent] == {_class_or_text(parts[-1])}:
            parts = parts[:-1]  # A class folder: all its images have its class.
        found[file] = parts
    return found


def _gaps(folder: Path, listed: dict[Path, TableRow], located: dict[Path, _Location]) -> list[str]:
    """Return one line for each cell of which some rows name the case or cell, and others don't.

    Spreadsheets show a value once for many rows, and write it once too.
    """
    groups: dict[tuple[str, object], list[Path]] = {}
    for file, (parts, *_) in located.items():
        place = (parts, file.parent == folder)  # Beside folders of classes is not in them.
        groups.setdefault(("cell", place), []).append(file)
        groups.setdefault(("case", (place, listed[file].cell)), []).append(file)
    problems: dict[str, str] = {}
    for (column, _), files in groups.items():
        empty = [file for file in files if not getattr(listed[file], column)]
        filled = [file for file in files if getattr(listed[file], column)]
        if not (empty and filled) or len({located[file].place for file in files}) == 1:
            continue
        more = f" and {len(empty) - 1:,} more" if len(empty) > 1 else ""
        value = getattr(listed[filled[0]], column)
        # A row that lacks both is named once.
        problems.setdefault(
            listed[empty[0]].where,
            f"{listed[empty[0]].where}{more}: `{column}` is empty, but {listed[filled[0]].where} "
            f"of the same folder says {shown_name(value)!r}; fill in `{column}` in every row",
        )
    return list(problems.values())


def _scattered(listed: dict[Path, TableRow], located: dict[Path, _Location]) -> list[str]:
    """Return one line for each cell of unknown case whose images lie in several folders.

    They may be cells of several patients, each of whom has a cell of this name.
    """
    first: dict[str, _Location] = {}
    problems: dict[str, str] = {}
    for file, row in listed.items():
        if not row.cell or row.case:
            continue
        cell = folded_text(row.cell)
        here = located[file]
        other = first.setdefault(cell, here)
        one, two = (at.own or at.parts for at in (other, here))
        if tuple(map(folded_text, one)) == tuple(map(folded_text, two)):
            continue
        named = all(at.own and folded_text(at.own[-1]) == cell for at in (other, here))
        known = other.place == here.place and here.place[0]
        if not (named or known):
            problems.setdefault(
                cell,
                f"{row.where}: the images of cell {shown_name(row.cell)!r} are in several folders, "
                f"`{'/'.join(one) or '.'}` and `{'/'.join(two) or '.'}`, and may be of several "
                "patients; fill in `case`",
            )
    return list(problems.values())


def _merged(listed: dict[Path, TableRow], located: dict[Path, _Location]) -> list[str]:
    """Return one line for each cell of a known case that several folders of its name seem to hold.

    These may be cells of several cultures or slides, or of patients whose numbers were shortened:
    then they hold more than a pair of a class, or than a cell where no class is stated. Folders of
    classes or groups divide a cell.
    """
    images: dict[tuple[str, str, str], list[Path]] = {}
    for file, row in listed.items():
        own, cell = located[file].own, folded_text(row.cell)
        if row.case and cell and own and folded_text(own[-1]) == cell:
            place = (folded_text(row.case), cell, _class_or_text(row.label))
            images.setdefault(place, []).append(file)
    problems: dict[tuple[str, str], str] = {}
    for (case, cell, label), files in images.items():
        folders: dict[tuple[str, ...], Path] = {}
        for file in files:
            folders.setdefault(tuple(map(folded_text, located[file].own)), file)
        if len(folders) > 1 and len(files) > (2 if label else CELL_IMAGES):
            one, two, *_ = folders.values()
            row = listed[two]
            problems.setdefault(
                (case, cell),
                f"{row.where}: cell {shown_name(row.cell)!r} of case {shown_name(row.case)!r} has "
                f"{len(files)} images{f' of class {shown_name(label)!r}' if label else ''} in "
                f"several folders of its name, `{'/'.join(located[one].own)}` and "
                f"`{'/'.join(located[two].own)}`, and may be several cells; name these differently "
                "in `cell` or `case`, or put the images of a cell into one folder",
            )
    return list(problems.values())


def _class_or_text(text: str) -> str:
    try:
        return class_text(text)
    except ValueError:
        return text


def _reasons(tree: FolderTree) -> dict[Path, str]:
    """Return why files and folders are not read, by path; made once for all rows of a table."""
    return {one.path: one.reason for one in tree.left_out if one.reason != EMPTY}


def _missing(file: str, folder: Path, reasons: Mapping[Path, str]) -> str:
    path = folder / file.replace("\\", "/")
    for place in (path, *path.parents):
        if place in reasons:
            return f"the file is left out ({reasons[place]})"
    if ".." in path.parts or not path.is_relative_to(folder):
        return "the file must be in the folder of the table"
    return _NO_FILE
