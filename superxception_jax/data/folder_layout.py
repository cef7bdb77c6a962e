"""How a folder of images is laid out: which files are the images of which cell.

Every program that reads a user's folder asks here, so that all read the same cells from it. What
can be read in two ways is refused, and what is not read is listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from superxception_jax.data.file_names import folded_text, name_order, shown_name
from superxception_jax.data.folder_reading import CELL_IMAGES, NamedCell, read_cells
from superxception_jax.data.folder_tree import TABLE, FolderTree, LeftOut, read_tree
from superxception_jax.data.image_file import SUFFIXES
from superxception_jax.data.labels_table import choose_table, read_table
from superxception_jax.data.lost_images import lost_image
from superxception_jax.data.record import raise_problems
from superxception_jax.data.table_cells import UNLISTED, cells_of_table

MOST_NAMED = 3  # Names of one reason in the sentence.
MOST_OF_A_CLASS = 8  # Images in a class folder of one cell.


@dataclass(frozen=True)
class CellFiles:
    """The image files of a cell.

    Attributes:
        case: Patient or sample; empty if unknown.
        name: Name of the cell, unique in the folder: `<case>/<cell>` where a case is known.
        files: N image files, in natural order.
        names: N names of the images that every output can hold, unique in the cell.
        classes: N classes that class folders or the table state; empty where they state none.
        turned: Whether each file is upside down, as the table says; None where none says so.
        left_out: Name of each other file or folder in the cell's folder that may be an image of
            the cell, and why it isn't read: a cell without them may not be complete.
    """

    case: str
    name: str
    files: tuple[Path, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    turned: tuple[bool | None, ...]
    left_out: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FolderLayout:
    """The layout of a folder.

    Attributes:
        folder: Absolute path of the folder.
        kind: "cell" (the images of one cell), "cells" (a folder per cell), "cases" (folders of
            cases that hold those of cells) or "table" (as `labels.csv` says).
        table: The table, whether the cells are taken from it or not; None without one.
        cells: The cells, in natural order.
        left_out: What is in the folder and is not read, with the reason.
        links: Number of links to files or folders that were followed.
    """

    folder: Path
    kind: str
    table: Path | None
    cells: tuple[CellFiles, ...]
    left_out: tuple[LeftOut, ...]
    links: int

    @property
    def sentence(self) -> str:
        """What was recognised, as one line for the user."""
        cases = {cell.case for cell in self.cells if cell.case}
        images = sum(len(cell.files) for cell in self.cells)
        classes = any(any(cell.classes) for cell in self.cells) and self.kind != "table"
        how = _HOW[self.kind] + (", and one per class" if classes else "")
        text = f"{_count(len(self.cells), 'cell')}"
        if cases:
            text += f" in {_count(len(cases), 'case')}"
            if alone := sum(not cell.case for cell in self.cells):
                text += f", {alone:,} of them without a case"
        text = f"{shown_name(self.folder.name)}: {text} ({how}), {_count(images, 'image')}"
        if self.table and self.kind != "table":
            text += f"; {TABLE} is not used, the folders say the same cells"
        if self.links:
            text += f"; {_count(self.links, 'link')} followed"
        for cell in self.cells:
            if len(cell.files) > CELL_IMAGES:
                text += f"; `{cell.name}` holds {len(cell.files)} images, more than a diploid cell"
        return f"{text}{self._left_out_text()}"

    def relative_name(self, path: Path) -> str:
        """Return the path of a file below the folder, as text that every output can hold.

        Args:
            path: Absolute path.

        Returns:
            The path with slashes.
        """
        return shown_name(path.relative_to(self.folder).as_posix())

    @property
    def left_out_lines(self) -> tuple[str, ...]:
        """What is not read, as one line each."""
        return tuple(
            f"left out: {self.relative_name(one.path)}: {one.reason}" for one in self.left_out
        )

    def check_cell_sizes(self, *, most: int) -> None:
        """Raise if a cell has more images than one cell can have.

        Args:
            most: Largest number of images in a cell.

        Raises:
            ValueError: A cell has more, or a class folder of a cell has more than can be; all
                are listed.
        """
        found = {cell.name: self.size_problem(cell, most=most) for cell in self.cells}
        problems = [f"`{name}`: {problem}" for name, problem in found.items() if problem]
        raise_problems(problems, source=shown_name(str(self.folder)))

    def size_problem(self, cell: CellFiles, *, most: int) -> str:
        """Return why a cell has more images than one cell can have; empty if it hasn't.

        Args:
            cell: One of the cells.
            most: Largest number of images in a cell.
        """
        count = len(cell.files)
        counts = Counter(filter(None, cell.classes)).most_common(1)
        label, images = counts[0] if counts else ("", 0)
        if count > most:
            return (
                f"{count} images can't be the chromosomes of one cell (at most {most}); leave a "
                "polyploid cell with more out; if they are of several cells, make one folder per "
                f"cell in it, or write a table `{TABLE}` with the columns file,class,cell,case"
            )
        if self.kind != "table" and images > MOST_OF_A_CLASS:
            return (
                f"{images} images of class {label} can't be of one cell; make one folder per "
                f"cell, or write a table `{TABLE}` with the columns file,class,cell,case"
            )
        return ""

    def _left_out_text(self) -> str:
        if not self.left_out:
            return ""
        by_reason: dict[str, list[str]] = {}
        for one in self.left_out:
            by_reason.setdefault(one.reason, []).append(self.relative_name(one.path))
        parts = []
        for reason, names in by_reason.items():
            more = ", ..." if len(names) > MOST_NAMED else ""
            shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMED])
            parts.append(f"{len(names):,} {reason} ({shown}{more})")
        return f"; left out: {', '.join(parts)}"


_HOW = {
    "cell": "all images in one folder",
    "cells": "one folder per cell",
    "cases": "one folder per case, in it one per cell",
    "table": f"as {TABLE} says",
}


def recognize_layout(folder: Path) -> FolderLayout:
    """Return the layout of a folder: its cells, and what is left out.

    A folder may hold the images of one cell, folders of cells, folders of cases with those of
    cells, or in each cell one folder per class. A table `labels.csv` at its top goes before the
    folders: then the files that it lists are read.

    Args:
        folder: Absolute path of a folder.

    Returns:
        The layout.

    Raises:
        FileNotFoundError: The folder holds no image.
        ValueError: The folder may be read in two ways, or its table can't be used.
    """
    tree = read_tree(folder)
    return _layout(tree, choose_table(tree.tables))


def recognize_cells(folder: Path) -> FolderLayout:
    """Return the layout of a folder for a program that needs its cells, but no classes.

    A table of classes may list a part of the images only. Where the folders say the same cells
    as the table, all images in these folders are read.

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
    layout = _layout(tree, table)
    if table is None:
        return layout
    try:
        plain = _layout(tree, None)
    except ValueError:
        return layout  # Only the table says what the cells are.
    places = _places(plain)
    agree = all(places.get(file) == place for file, place in _places(layout).items())
    distinct = len(set(places.values())) == len(plain.cells)
    return replace(plain, table=table) if agree and distinct else layout


def _places(layout: FolderLayout) -> dict[Path, tuple[str, str]]:
    """Return case and cell of each file, in the form in which spellings are compared."""
    return {
        file: (folded_text(cell.case), folded_text(cell.name))
        for cell in layout.cells
        for file in cell.files
    }


def _layout(tree: FolderTree, table: Path | None) -> FolderLayout:
    if table is not None:
        kind, (named, left_out) = "table", cells_of_table(tree, read_table(table))
    elif not tree.root.all_images:
        raise FileNotFoundError(
            f"`{shown_name(str(tree.root.path))}` must hold images ({', '.join(SUFFIXES)}) of one "
            f"chromosome each, got none{_hint(tree)}; put the images of a cell there."
        )
    else:
        kind, named, left_out = read_cells(tree.root)
    everything = sorted((*tree.left_out, *left_out), key=lambda one: name_order(str(one.path)))
    return FolderLayout(
        folder=tree.root.path,
        kind=kind,
        table=table,
        cells=tuple(_cell(cell, everything, by_table=kind == "table") for cell in named),
        left_out=tuple(everything),
        links=tree.links,
    )


def _cell(cell: NamedCell, left_out: Sequence[LeftOut], *, by_table: bool) -> CellFiles:
    def shown(path: Path) -> str:
        return shown_name(path.relative_to(cell.path).as_posix())

    # A table puts images of several cells into one folder, so that each of them may lack one.
    folders = {file.parent for file in cell.files}
    lost = [
        (shown(one.path), reason)
        for one in left_out
        if (one.path.parent in folders if by_table else one.path.is_relative_to(cell.path))
        and one.reason != UNLISTED
        and (reason := lost_image(one))
    ]
    return CellFiles(
        case=cell.case,
        name=f"{cell.case}/{cell.name}" if cell.case else cell.name,
        files=cell.files,
        names=tuple(shown(file) for file in cell.files),
        classes=cell.classes,
        turned=cell.turned,
        left_out=tuple(lost),
    )


def _hint(tree: FolderTree) -> str:
    """Return what was found instead of images, for a message."""
    reasons: Iterable[tuple[str, int]] = Counter(one.reason for one in tree.left_out).most_common(3)
    found = ", ".join(f"{number:,} {reason}" for reason, number in reasons)
    return f" (left out: {found})" if found else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
