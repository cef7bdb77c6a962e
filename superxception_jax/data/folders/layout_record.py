"""The layout of a folder of images as a record, and how it is told to the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.data.file_names import shown_name, shown_path
from superxception_jax.data.folders.folder_reading import CELL_IMAGES
from superxception_jax.data.folders.folder_tree import TABLE, LeftOut
from superxception_jax.data.folders.table_cells import UNLISTED
from superxception_jax.data.record import raise_problems
from superxception_jax.wording import quantity

MOST_NAMED = 3  # Names of one reason in the sentence.
MOST_OF_A_CLASS = 8  # Images in a class folder of one cell.


@dataclass(frozen=True)
class CellFiles:
    """The image files of a cell.

    Attributes:
        case: Patient or sample; empty if unknown.
        name: Name of the cell, unique in the folder: `<case>/<cell>` where a case is known.
        files: N image files, in natural order; none if the folder can't be opened.
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
        stale_rows: Number of rows of a table that isn't used which name no file.
        deep_case: First case that consists of the names of several folders, because the table
            names none; empty without one.
    """

    folder: Path
    kind: str
    table: Path | None
    cells: tuple[CellFiles, ...]
    left_out: tuple[LeftOut, ...]
    links: int
    stale_rows: int = 0
    deep_case: str = ""

    @property
    def sentence(self) -> str:
        """What was recognised, as one line for the user."""
        cases = {cell.case for cell in self.cells if cell.case}
        images = sum(len(cell.files) for cell in self.cells)
        classes = any(any(cell.classes) for cell in self.cells) and self.kind != "table"
        how = _HOW[self.kind] + (", and one per class" if classes else "")
        text = f"{quantity(len(self.cells), 'cell')}"
        if cases:
            text += f" in {quantity(len(cases), 'case')}"
            if alone := sum(not cell.case for cell in self.cells):
                text += f", {alone:,} of them without a case"
        text = f"{shown_name(self.folder.name)}: {text} ({how}), {quantity(images, 'image')}"
        if self.deep_case:
            text += (
                f"; cases are named after folders, such as `{self.deep_case}`: fill in `case` of "
                f"{TABLE} where that isn't the patient"
            )
        if self.table and self.kind != "table":
            text += f"; {TABLE} is not used, because the folders define the same cells"
        if self.stale_rows:
            text += f"; rows of {TABLE} whose files aren't there: {self.stale_rows:,}"
        if self.links:
            text += f"; {quantity(self.links, 'link')} followed"
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
        return shown_path(path.relative_to(self.folder))

    @property
    def left_out_lines(self) -> tuple[str, ...]:
        """What is not read, as one line each; many images that the table doesn't list as one."""
        unlisted = [self.relative_name(one.path) for one in self.left_out if one.reason == UNLISTED]
        many = len(unlisted) > MOST_NAMED
        lines = [
            f"left out: {self.relative_name(one.path)}: {one.reason}"
            for one in self.left_out
            if not (many and one.reason == UNLISTED)
        ]
        if many:
            lines.append(f"left out: {len(unlisted):,} images: {UNLISTED} ({_some(unlisted)})")
        return tuple(lines)

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
        raise_problems(problems, source=shown_path(self.folder))

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
                f"{count} images can't be the chromosomes of one cell (at most {most}); remove "
                "the cell if it is polyploid; if the images are of several cells, make one folder "
                f"per cell in it, or write a table `{TABLE}` with the columns file,class,cell,case"
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
            parts.append(f"{len(names):,} {reason} ({_some(names)})")
        return f"; left out: {', '.join(parts)}"


_HOW = {
    "cell": "all images in one folder",
    "cells": "one folder per cell",
    "cases": "one folder per case, in it one per cell",
    "table": f"as {TABLE} says",
}


def _some(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > MOST_NAMED else ""
    return ", ".join(f"`{name}`" for name in names[:MOST_NAMED]) + more
