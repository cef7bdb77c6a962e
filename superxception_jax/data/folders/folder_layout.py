"""How a folder of images is laid out: which files are the images of which cell.

Every program that reads a user's folder asks here, so that all read the same cells from it. What
can be read in two ways is refused, and what is not read is listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from superxception_jax.data.file_names import folded_text, name_order, shown_name, shown_path
from superxception_jax.data.folders.folder_reading import NamedCell, read_cells
from superxception_jax.data.folders.folder_tree import FolderTree, LeftOut, read_tree
from superxception_jax.data.folders.labels_table import (
    TableRow,
    check_copies,
    choose_table,
    read_table,
)
from superxception_jax.data.folders.layout_record import CellFiles, FolderLayout
from superxception_jax.data.folders.lost_images import hidden_image, lost_image
from superxception_jax.data.folders.table_cells import UNLISTED, cells_of_table, split_stale
from superxception_jax.data.images.image_file import SUFFIXES


def recognize_layout(folder: Path) -> FolderLayout:
    """Return the layout of a folder: its cells, and what is left out.

    A folder may hold the images of one cell, folders of cells, folders of cases with those of
    cells, or in each cell one folder per class. A table `labels.csv` at its top goes before the
    folders: then the files that it lists are read. Without it, a folder beside those of cells that
    can't be opened is a cell without files.

    Args:
        folder: Absolute path of a folder.

    Returns:
        The layout.

    Raises:
        FileNotFoundError: The folder holds no image.
        ValueError: The folder may be read in two ways, or its table can't be used.
    """
    tree = read_tree(folder)
    table = choose_table(tree.tables)
    return _by_table(tree, table) if table else _by_folders(tree)


def recognize_cells(folder: Path) -> FolderLayout:
    """Return the layout of a folder for a program that needs its cells, but no classes.

    A table of classes may list a part of the images only. Where the folders say the same cells
    as the table, all images in these folders are read, and rows that name no file are counted.

    Args:
        folder: Absolute path of a folder, see `recognize_layout`.

    Returns:
        The layout, by the folders if they agree with the table, otherwise by the table.

    Raises:
        FileNotFoundError: The folder holds no image.
        ValueError: The folder may be read in two ways, or its table can't be used.
    """
    tree = read_tree(folder)
    table = choose_table(tree.tables)
    if table is None:
        return _by_folders(tree)
    try:
        plain = _by_folders(tree)
    except ValueError:
        return _by_table(tree, table)  # Only the table says what the cells are.
    present, stale = split_stale(tree, read_table(table))
    said = _places(_by_table(tree, table, present)) if present or not stale else {}
    places = _places(plain)
    agree = all(places.get(file) == place for file, place in said.items())
    distinct = len(set(places.values())) == sum(bool(cell.files) for cell in plain.cells)
    if agree and distinct:
        return replace(plain, table=table, stale_rows=len(stale))
    return _by_table(tree, table)


def _places(layout: FolderLayout) -> dict[Path, tuple[str, str]]:
    """Return case and cell of each file, in the form in which spellings are compared."""
    return {
        file: (folded_text(cell.case), folded_text(cell.name))
        for cell in layout.cells
        for file in cell.files
    }


def _by_table(
    tree: FolderTree, table: Path, rows: Sequence[TableRow] | None = None
) -> FolderLayout:
    """Return the layout that a table says, or some of its rows."""
    if rows is None:
        check_copies(table, [one.path for one in tree.left_out])
        rows = read_table(table)
    layout = _layout(tree, "table", *cells_of_table(tree, rows), table=table)
    named = {row.case for row in rows}
    derived = (cell.case for cell in layout.cells if cell.case not in named)
    return replace(layout, deep_case=next((case for case in derived if "/" in case), ""))


def _by_folders(tree: FolderTree) -> FolderLayout:
    if not tree.root.all_images:
        raise FileNotFoundError(
            f"`{shown_path(tree.root.path)}` must hold images ({', '.join(SUFFIXES)}) of one "
            f"chromosome each, got none{_hint(tree)}; put the images of a cell there."
        )
    kind, named, left_out = read_cells(tree.root)
    named = _with_closed(tree, kind, named)
    return _layout(tree, kind, named, left_out, table=None)


def _with_closed(tree: FolderTree, kind: str, named: Sequence[NamedCell]) -> list[NamedCell]:
    """Return the cells with those whose folders can't be opened, which have no files."""
    root = tree.root.path
    found = {one.path: one for one in named}
    for one in tree.left_out:
        known = any(one.path.is_relative_to(path) for path in found)
        if known or not one.is_closed:
            continue
        parts = one.path.relative_to(root).parts[: 2 if kind == "cases" else 1]
        *case, name = map(shown_name, parts)
        path = root.joinpath(*parts)
        found[path] = NamedCell("".join(case), name, path, (), (), ())

    def order(path: Path) -> list[tuple[object, ...]]:
        return [name_order(part) for part in path.relative_to(root).parts]

    return [found[path] for path in sorted(found, key=order)]


def _layout(
    tree: FolderTree,
    kind: str,
    named: Sequence[NamedCell],
    left_out: Sequence[LeftOut],
    *,
    table: Path | None,
) -> FolderLayout:
    everything = sorted((*tree.left_out, *left_out), key=lambda one: name_order(str(one.path)))
    return FolderLayout(
        folder=tree.root.path,
        kind=kind,
        table=table,
        cells=_cells(named, everything, by_table=kind == "table"),
        left_out=tuple(everything),
        links=tree.links,
    )


def _cells(
    named: Sequence[NamedCell], left_out: Sequence[LeftOut], *, by_table: bool
) -> tuple[CellFiles, ...]:
    # A table says itself which images a cell has; a file whose name hides an image may be missing
    # in it. Once for all cells, because the files are opened.
    find = hidden_image if by_table else lost_image
    lost = [
        (one.path, reason) for one in left_out if one.reason != UNLISTED and (reason := find(one))
    ]
    return tuple(_cell(cell, lost, by_table=by_table) for cell in named)


def _cell(cell: NamedCell, lost: Sequence[tuple[Path, str]], *, by_table: bool) -> CellFiles:
    def shown(path: Path) -> str:
        around = path.parent if path == cell.path else cell.path
        return shown_path(path.relative_to(around))

    # A table puts images of several cells into one folder, so that each of them may lack one.
    folders = {file.parent for file in cell.files}
    own = [
        (shown(path), reason)
        for path, reason in lost
        if (path.parent in folders if by_table else path.is_relative_to(cell.path))
    ]
    return CellFiles(
        case=cell.case,
        name=f"{cell.case}/{cell.name}" if cell.case else cell.name,
        files=cell.files,
        names=tuple(shown(file) for file in cell.files),
        classes=cell.classes,
        turned=cell.turned,
        left_out=tuple(own),
    )


def _hint(tree: FolderTree) -> str:
    """Return what was found instead of images, for a message."""
    reasons: Iterable[tuple[str, int]] = Counter(one.reason for one in tree.left_out).most_common(3)
    found = ", ".join(f"{number:,} {reason}" for reason, number in reasons)
    return f" (left out: {found})" if found else ""
