"""The folder beside a report that holds the images of a large batch, one script per cell.

The name of the folder contains the digest of its cells. The page names the folder that it needs,
so that the old page goes with the old folder until the new page replaces it, and a run that is
stopped at any moment leaves one of the two complete.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

_DIGEST_CHARACTERS = 8
_PART = re.compile(r"\d{4,}\.js")


def new_folder(parent: Path, *, prefix: str) -> Path:
    """Make a folder for files that are moved or linked out of it, and return it.

    On Windows, folders of `tempfile` admit only their owner, and so do their files wherever they
    are moved; these have the permissions of the folder around.

    Args:
        parent: Folder in which to make it.
        prefix: Beginning of its name; eight characters are added.
    """
    folder = parent / f"{prefix}{secrets.token_hex(4)}"
    folder.mkdir()
    return folder


def part_name(place: int) -> str:
    """Return the file name of a cell in the folder, such as 0001.js for the first one."""
    return f"{place + 1:04d}.js"


def folder_name(report: Path, digest: str) -> str:
    """Return the name of the folder beside a report, such as report_cells-0123abcd."""
    return f"{report.stem}_cells-{digest[:_DIGEST_CHARACTERS]}"


def write_parts(parts: Sequence[Path], report: Path, *, digest: str) -> str:
    """Put the parts of the cells into the folder of a report, without a second copy if possible.

    Args:
        parts: Files of the cells, in the order of the report.
        report: HTML file, which need not exist.
        digest: Digest of these cells.

    Returns:
        The name of the folder beside the report. One that exists is completed: its cells are the
        same, because their digest is.
    """
    folder = report.with_name(folder_name(report, digest))
    temporary = new_folder(report.parent, prefix=f".{report.stem}_cells-")
    try:
        for place, part in enumerate(parts):
            _share(part, temporary / part_name(place))
        folder.mkdir(exist_ok=True)
        for place in range(len(parts)):
            os.replace(temporary / part_name(place), folder / part_name(place))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder.name


def _share(part: Path, target: Path) -> None:
    """Give a file a second name: it is never changed, only replaced by another; or copy it."""
    try:
        os.link(part, target)
    except OSError:  # The file system has no such names, or has too many of this file.
        shutil.copyfile(part, target)


def remove_parts(report: Path, *, keep: str = "") -> None:
    """Remove the folders of earlier reports, and what stopped runs left.

    Args:
        report: HTML file beside which they are.
        keep: Name of the folder that stays; empty: none.
    """
    name = re.escape(report.stem)
    known = re.compile(rf"{name}_cells-[0-9a-f]{{{_DIGEST_CHARACTERS}}}|\.{name}_cells-\w{{8}}")
    for folder in report.parent.iterdir():
        if folder.name == keep or not known.fullmatch(folder.name) or not folder.is_dir():
            continue
        for file in folder.iterdir():
            if _PART.fullmatch(file.name):
                file.unlink()
        with contextlib.suppress(OSError):  # Something else is in it.
            folder.rmdir()
