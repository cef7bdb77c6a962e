"""The files that are written for a cell, and those of earlier runs that they replace."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from superxception_jax.files import undoing
from superxception_jax.karyotyping.export import DRAFT_NOTE
from superxception_jax.karyotyping.report.part_folder import new_folder, remove_parts

REPORT_FILE = "report.html"
JSON_FILE = "karyotype.json"
CSV_FILE = "assignments.csv"
KARYOGRAM = "karyogram"
# What the report shows of a cell, and what a later run must know of it.
PART_FILE = "review.js"
STATE_FILE = "state.json"
CASE_FILE = "case.json"
CASES_FILE = "cases.csv"
# What is written beside the folders of the cells.
_TAKEN = (REPORT_FILE, STATE_FILE, CASES_FILE)
# The first one marks a folder as results of this program, so it is the first to be in place. The
# last one is missing where a write was cut short, so that the cell is karyotyped again.
CELL_FILES = (
    JSON_FILE,
    CSV_FILE,
    f"{KARYOGRAM}.png",
    f"{KARYOGRAM}.svg",
    PART_FILE,
    STATE_FILE,
)
REPORT_TITLE = "<title>Karyotype review</title>"
_REPORT_HEAD_CHARACTERS = 2000
# Not allowed in names on some file system, or not printable.
_UNSAFE = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f]')
# Names of devices on Windows, with any ending.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# Of folders that are being written; eight characters are added.
_PREFIX = ".karyotype-"
_UNFINISHED = re.compile(re.escape(_PREFIX) + r"\w{8}")
# Of earlier results that are moved into such a folder: number and name.
_EARLIER = "earlier-{}-{}"
# What `files.replacing` writes first.
_UNFINISHED_FILE = re.compile(r"(report\.html|cases\.csv|case\.json)\.\d+-[0-9a-f]{8}\.tmp")
_MOST_BYTES = 120
_DIGITS = (0, 6, 64)  # of the digest at the end of a name, the more the more names are alike


def folder_names(cells: Sequence[str]) -> list[str]:
    """Return the name of the results folder of each cell of a batch.

    Args:
        cells: Names of the cells, each once; `/` separates a case from its cell.

    Returns:
        One name per cell, safe on all file systems and distinct there even where capitals and
        forms of accents don't count. It is the name of the cell where that is possible.
    """
    levels, taken = dict.fromkeys(cells, 0), set(map(_key, _TAKEN))
    while True:
        names = [_name(cell, level) for cell, level in levels.items()]
        sharing: dict[str, list[str]] = {}
        for cell, name in zip(cells, names, strict=True):
            sharing.setdefault(_key(name), []).append(cell)
        clashes = [some for key, some in sharing.items() if len(some) > 1 or key in taken]
        if not clashes:
            return names
        # Of a cell whose own name is the number of another, the other keeps it.
        for some in clashes:
            lowest = min(levels[cell] for cell in some)
            levels.update({cell: lowest + 1 for cell in some if levels[cell] == lowest})


def _names_of(cell: str) -> list[str]:
    return [_name(cell, level) for level in range(len(_DIGITS))]


def _name(cell: str, level: int) -> str:
    plain, digits = _plain_name(cell), _DIGITS[level]
    return f"{plain}-{_digest(cell, digits)}" if digits else plain


def _plain_name(cell: str) -> str:
    text = unicodedata.normalize("NFC", _UNSAFE.sub("_", cell.replace("/", " - ")))
    # Windows drops dots and spaces at the end; a dot at the beginning hides a folder.
    text = text.strip(" ").rstrip(". ").lstrip(".") or "cell"
    short = text.encode("utf-8", "backslashreplace")[:_MOST_BYTES].decode("utf-8", "ignore")
    if _DEVICE.fullmatch(text):
        return f"cell-{text}-{_digest(cell)}"
    if short != text:
        return f"{short.rstrip('. ')}-{_digest(cell)}"
    return text


def _digest(cell: str, digits: int = _DIGITS[1]) -> str:
    return hashlib.sha256(cell.encode("utf-8", "backslashreplace")).hexdigest()[:digits]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def check_out(out: Path, *, images: Path) -> None:
    """Raise if results would be written among the images, or read as images by the next run.

    Args:
        out: Folder of the results, which need not exist.
        images: Folder of the images, or a single image.

    Raises:
        ValueError: One folder is the other or lies inside it, or `out` holds a report that
            this program did not write.
    """
    inner, outer = out.resolve(), images.resolve()
    outer = outer.parent if outer.is_file() else outer
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise ValueError(
            f"`--out` must be a folder apart from `--images`, so that results are never read as "
            f"images, got `{out}` and `{images}`; choose another folder for the results."
        )
    report = out / REPORT_FILE
    if report.exists() and not _is_report(report):
        raise ValueError(
            f"`--out` must not hold a {REPORT_FILE} of another program, got `{report}`; choose "
            "another folder."
        )


def remove_report(out: Path) -> None:
    """Remove the report of an earlier run with the folder of its cells, if there is one.

    Args:
        out: Folder of the results.
    """
    report = out / REPORT_FILE
    if report.is_file() and _is_report(report):
        report.unlink()
        remove_parts(report)


def has_results(out: Path, cell: str) -> bool:
    """Return whether there are results of an earlier run of a cell.

    Args:
        out: Folder of the results.
        cell: Name of the cell.
    """
    return any(_cell_of(out / name) == cell for name in _names_of(cell))


def other_results(out: Path, *, used: Collection[str]) -> list[str]:
    """Return the folders that hold results of further cells or cases, by name.

    Args:
        out: Folder of the results.
        used: Names of the folders of the cells and cases that are known.
    """
    keys = set(map(_key, used))
    return sorted(
        folder.name
        for folder in out.iterdir()
        if _key(folder.name) not in keys
        and any(_load_ours(folder / file) is not None for file in (JSON_FILE, CASE_FILE))
    )


def remove_unfinished(out: Path) -> None:
    """Remove what killed runs were writing; no other run may write into the folder now.

    A folder stays in which earlier results lie that no new ones have replaced.

    Args:
        out: Folder of the results.
    """
    for folder in out.iterdir():
        if _UNFINISHED.fullmatch(folder.name) and folder.is_dir():
            _remove_temporary(folder)
    for file in (*out.glob("*.tmp"), *out.glob("case */*.tmp")):
        if _UNFINISHED_FILE.fullmatch(file.name) and file.is_file():
            file.unlink(missing_ok=True)


def remove_results(out: Path, cell: str) -> None:
    """Remove the results of an earlier run of a cell, and the folder if nothing else is in it.

    Files that this program did not write stay.

    Args:
        out: Folder of the results.
        cell: Name of the cell.
    """
    folders = _folders_of(out, cell)
    for folder in folders:
        for one in reversed(CELL_FILES):
            (folder / one).unlink(missing_ok=True)
    _remove_empty(folders)


@contextlib.contextmanager
def replacing_results(out: Path, name: str, *, cell: str) -> Iterator[Path]:
    """Yield an empty folder for the results of a cell, which replace earlier ones at the end.

    If the block raises, earlier results stay as they are. If they can't be replaced, because
    another program holds a file, all that can be moved is moved back; nothing else is removed.

    Args:
        out: Folder of the results.
        name: Name of the cell's folder there.
        cell: Name of the cell.

    Yields:
        The folder for `CELL_FILES`, of which the karyograms may be missing.

    Raises:
        ValueError: The folder holds files of these names that this program did not write.
    """
    folder = out / name
    foreign = [one for one in CELL_FILES if (folder / one).exists()]
    if foreign and _cell_of(folder) is None:
        raise ValueError(
            f"`--out` must not hold files of other programs by the names of results, got "
            f"`{name}/{foreign[0]}`; move it or choose another folder."
        )
    temporary = new_folder(out, prefix=_PREFIX)
    try:
        yield temporary
        folders = dict.fromkeys([*_folders_of(out, cell), folder])
        # The mark of results is the last to go, so that a process that is killed leaves it.
        files = [one / file for one in folders for file in reversed(CELL_FILES)]
        earlier = [file for file in files if file.exists()]
        aside = [
            (file, temporary / _EARLIER.format(number, file.name))
            for number, file in enumerate(earlier)
        ]
        made = [(temporary / one, folder / one) for one in CELL_FILES if (temporary / one).exists()]
        # A program may hold an earlier file open, and refuse to give it.
        with undoing([*aside, *made]):
            for before, after in aside:
                os.replace(before, after)
            # A name that is removed can be refused for a while, as by a network share.
            _remove_empty(one for one in folders if one != folder)
            folder.mkdir(exist_ok=True)
            for before, after in made:
                os.replace(before, after)
    finally:
        _remove_temporary(temporary)


def _remove_temporary(folder: Path) -> None:
    """Remove a folder of results to come, unless it has earlier ones that they don't replace."""
    has_earlier = any(folder.glob(_EARLIER.format("*", "*")))
    if not (has_earlier and any((folder / one).exists() for one in CELL_FILES)):
        shutil.rmtree(folder, ignore_errors=True)


def _folders_of(out: Path, cell: str) -> list[Path]:
    """Return the folders that hold results of a cell; more than one after a change of names."""
    folders = [out / name for name in _names_of(cell)]
    return [folder for folder in folders if _cell_of(folder) == cell]


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):  # Something else is in it.
            folder.rmdir()


def _cell_of(folder: Path) -> str | None:
    """Return the cell whose results a folder holds; None if it holds none of this program."""
    values = _load_ours(folder / JSON_FILE)
    return None if values is None else str(values.get("cell"))


def _load_ours(path: Path) -> dict[str, Any] | None:
    """Return the JSON of results; None if there are none, or none of this program."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(values, dict) or values.get("note") != DRAFT_NOTE:
        return None
    return values


def _is_report(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return REPORT_TITLE in file.read(_REPORT_HEAD_CHARACTERS)
