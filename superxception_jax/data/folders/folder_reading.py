"""What folders within folders mean: classes of a cell, cells, or cases of cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.data.file_names import folded_text, shown_name, shown_path
from superxception_jax.data.folders.class_names import (
    ClassFolder,
    read_class_folder,
    read_class_name,
)
from superxception_jax.data.folders.folder_tree import Branch, LeftOut

CELL_IMAGES = 60  # More images are no diploid cell with some broken pieces.
WHOLE_CELL_IMAGES = 35  # So many images or more in a folder are most of a cell.
_LETTER_OR_ROMAN = re.compile("[a-z]|[ivx]+")
PART_IMAGES = 16  # Fewer images in one of several folders may be those that are no chromosomes.
FEWEST_OF_A_CELL = 5  # Fewer images beside others are no cell.
CLASS_IMAGES = 4  # Copies of a class that a folder per class of one cell may hold.
MOST_CLASSES = 20  # So many folders with names of classes may be all classes of pooled cells.
CLEAR_CLASSES = 12  # So many folders with few images each are classes.
_CELL_NAME = re.compile(r"(?:cell|zelle|metaphase|mitosis|spread)[ _-]?[0-9]+", re.IGNORECASE)


@dataclass(frozen=True)
class NamedCell:
    """The images of a cell.

    Attributes:
        case: Name of the folder of the case; empty without one.
        name: Name of the cell's folder.
        path: The cell's folder.
        files: N image files.
        classes: N classes of the folders of the files, or none at all.
        turned: Whether each file is upside down, as a table says; None where none says so.
    """

    case: str
    name: str
    path: Path
    files: tuple[Path, ...]
    classes: tuple[str, ...]
    turned: tuple[bool | None, ...]


def read_cells(root: Branch) -> tuple[str, list[NamedCell], list[LeftOut]]:
    """Return the cells in a tree of folders without a table.

    Args:
        root: The folder; it holds images, in itself or deeper.

    Returns:
        "cell", "cells" or "cases"; the cells in the order of the folders; and what is too deep,
        or lies beside the cells or in one.

    Raises:
        ValueError: The folders may be read in two ways, or two cases may be one; both are named.
    """
    left_out: list[LeftOut] = []
    if _is_cell(root):
        return "cell", [_cell(root, case="", left_out=left_out)], left_out
    cells, cases = list[NamedCell](), list[Branch]()
    _leave_out(root.images, "beside folders of cells", left_out)
    for branch in root.branches:
        if _is_cell(branch):
            cells.append(_cell(branch, case="", left_out=left_out))
            continue
        cases.append(branch)
        _leave_out(branch.images, "beside folders of cells", left_out)
        for inner in branch.branches:
            if _is_cell(inner):
                cells.append(_cell(inner, case=shown_name(branch.name), left_out=left_out))
            else:
                left_out.append(LeftOut(inner.path, "too deep"))
    _refuse_parts(cases)
    _check_spellings(root, cases)
    if not cells:
        deep = next(one.path for one in left_out if one.reason == "too deep")
        raise ValueError(
            f"`{shown_path(root.path)}` must hold folders of cells, or of cases with folders "
            f"of cells, got more levels, such as `{_below(root, deep)}`; give one of its folders."
        )
    return "cases" if cases else "cells", cells, left_out


def _is_cell(branch: Branch) -> bool:
    """Return whether a folder is that of a cell; false if it holds folders of cells."""
    if not branch.branches or _are_classes(branch):
        return True
    beside, inside = len(branch.images), len(branch.all_images) - len(branch.images)
    if (beside and min(beside, inside) >= FEWEST_OF_A_CELL) or 0 < beside == inside:
        raise ValueError(
            f"`{_shown(branch)}` must hold either the images of one cell or folders of cells, got "
            f"both: {beside} images beside {inside} in `{shown_name(branch.branches[0].name)}/` "
            "or deeper; move the images into a folder of their own, or that folder elsewhere."
        )
    return beside > inside


def _are_classes(branch: Branch) -> bool:
    """Return whether the folders in a folder are the classes of one cell."""
    folders = branch.branches
    found = [read_class_folder(one.name) for one in folders]
    named = [one for one in found if one is not None]
    clear = any(one.clear for one in named)
    if clear and (len(named) < len(folders) or any(one.branches for one in folders)):
        other = next(
            one.name for one, read in zip(folders, found, strict=True) if not read or one.branches
        )
        raise ValueError(
            f"`{_shown(branch)}` must hold either one folder per class or one per cell, got "
            f"`{shown_name(other)}/` beside folders of classes; move it elsewhere."
        )
    if len(named) < len(folders) or any(one.branches for one in folders):
        return False
    return clear or _bare_are_classes(branch, named)


def _bare_are_classes(branch: Branch, named: Sequence[ClassFolder]) -> bool:
    """Decide on folders `1`, `2`, `X`: by their images they are cells or classes, or unclear."""
    folders = branch.branches
    readings = [_compare(one, read.text) for one, read in zip(folders, named, strict=True)]
    if "cell" not in readings and "class" in readings and "unclear" not in readings:
        return True
    letters = any(read_class_folder(one.name) and one.name.upper() in "XY" for one in folders)
    sizes = [len(one.images) for one in folders]
    distinct = len({one.text for one in named})
    if all(size <= CLASS_IMAGES for size in sizes) and "cell" not in readings:
        if distinct >= CLEAR_CLASSES or (letters and distinct > 1):
            return True
    elif not letters:
        whole = [
            reading == "cell" or WHOLE_CELL_IMAGES <= size <= CELL_IMAGES
            for reading, size in zip(readings, sizes, strict=True)
        ]
        spoken = readings.count("cell") * 2 > len(readings)
        if spoken or (2 * sum(whole) >= len(whole) and distinct < MOST_CLASSES):
            return False
    elif "cell" in readings and "class" not in readings:
        return False
    first = shown_name(folders[0].name)
    raise ValueError(
        f"`{_shown(branch)}`: `{first}/` may be the cell named {first} or the class {first}; name "
        f"the folders `cell {first}` if they are cells. If they are the classes of one cell, name "
        f"them `chr{first}`; if images of several cells are mixed in them, write a table "
        "`labels.csv` with the columns file,class,cell,case."
    )


def _compare(folder: Branch, text: str) -> str:
    """Compare the classes in the names of a folder's files with the class that it may be.

    Returns:
        "cell" if the names state several or other classes, "class" if they all state this one,
        "unclear" if they state none for sure.
    """
    stated = set()
    unknown = False
    for file in folder.images:
        try:
            name = read_class_name(file.stem, prefixes={folder.name})
        except ValueError:
            unknown = True
        else:
            unknown |= not name.sure
            stated |= {name.text} if name.sure else set()
    if len(stated) > 1 or (stated and text not in stated):
        return "cell"
    return "class" if stated and not unknown else "unclear"


def _cell(branch: Branch, *, case: str, left_out: list[LeftOut]) -> NamedCell:
    name = shown_name(branch.name) or "cell"
    if branch.branches and _are_classes(branch):
        _leave_out(branch.images, "beside folders of classes", left_out)
        files = [file for one in branch.branches for file in one.images]
        folders = [read_class_folder(file.parent.name) for file in files]
        classes = tuple(one.text if one else "" for one in folders)
        return NamedCell(case, name, branch.path, tuple(files), classes, (None,) * len(files))
    for inner in branch.branches:
        left_out.append(LeftOut(inner.path, "in the folder of a cell"))
    count = len(branch.images)
    return NamedCell(case, name, branch.path, branch.images, ("",) * count, (None,) * count)


def _refuse_parts(cases: Sequence[Branch]) -> None:
    """Raise if folders that would be cases are named as cells, or hold folders of the same names.

    In the export of a patient, the folder of a cell may hold one for its chromosomes.
    """
    alike = Counter(filter(None, map(_nameless_cells, cases)))
    for case in cases:
        named = _is_cell_name(case.name) and not any(_is_cell_name(x.name) for x in case.branches)
        if named or alike[_nameless_cells(case)] > 1:
            inner = shown_name(case.branches[0].name)
            raise ValueError(
                f"`{_shown(case)}` may be a cell whose images lie in `{inner}/` and the like, or a "
                f"case whose cells these are; move the images of a cell from `{inner}/` into the "
                "folder above, or name the folders of the cells of a case `cell 1` and so on."
            )


def _nameless_cells(case: Branch) -> frozenset[str]:
    """Return the names of the folders of a case if they may be parts of one cell, else none.

    Such names are words without a number, and at most one of the folders holds as many images as a
    cell: beside it may be one for the whole picture.
    """
    names = frozenset(folded_text(one.name) for one in case.branches)
    if not all(map(_is_cell, case.branches)):
        return frozenset()
    if names == {folded_text(case.name)}:
        return frozenset({"."})  # As unpacked archives are; no folder has this name.
    cells = sum(len(one.all_images) >= PART_IMAGES for one in case.branches)
    counted = any(map(str.isdigit, "".join(names))) or all(map(_LETTER_OR_ROMAN.fullmatch, names))
    return names if cells <= 1 and not counted else frozenset()


def _check_spellings(root: Branch, cases: Sequence[Branch]) -> None:
    """Raise if two folders of cases may be those of one."""
    names: dict[str, str] = {}
    for case in cases:
        name = shown_name(case.name)
        other = names.setdefault(folded_text(name), name)
        if other != name:
            raise ValueError(
                f"`{_shown(root)}` must hold one folder per case, got `{other}` and `{name}`, "
                "which differ only by capitals, spaces or the form of an accent; put their cells "
                "into one folder, or rename one."
            )


def _is_cell_name(name: str) -> bool:
    return _CELL_NAME.fullmatch(name.strip()) is not None


def _leave_out(files: Sequence[Path], reason: str, left_out: list[LeftOut]) -> None:
    left_out += [LeftOut(file, reason) for file in files]


def _shown(branch: Branch) -> str:
    return shown_path(branch.path)


def _below(root: Branch, path: Path) -> str:
    return shown_path(path.relative_to(root.path))
