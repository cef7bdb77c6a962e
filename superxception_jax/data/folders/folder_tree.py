"""A folder as a tree of image files, with links followed and what is left out listed."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from superxception_jax.data.file_names import is_result, is_service, name_behind, name_order
from superxception_jax.data.images.image_file import SUFFIXES

TABLE = "labels.csv"
# Reasons why something is no input; any other means that an image may be lost.
SYSTEM = "hidden or system files"
RESULT = "a result of karyotyping"
RUN = "a run of training"
NO_IMAGE = "no image"
EMPTY = f"{NO_IMAGE}: an empty folder"
NOT_HERE = "an image not yet downloaded or copied; finish the download or the copy"
# With the reason in brackets; nobody knows what is in it.
CLOSED = "a folder that can't be opened"
DEPTH = 8  # Levels of folders that are looked into.
_RUN_FILES = {"config.json", "metrics.jsonl"}  # In the folder of every training, beside figures.


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that is not read.

    Attributes:
        path: Absolute path.
        reason: Why, in a few words.
    """

    path: Path
    reason: str

    @property
    def is_closed(self) -> bool:
        """Return whether it is a folder that can't be opened, which may hold anything."""
        return self.reason.startswith(CLOSED)


@dataclass(frozen=True)
class Branch:
    """A folder that holds images, in itself or deeper.

    Attributes:
        path: Absolute path.
        images: Image files in this folder, in natural order.
        branches: Folders in this folder that hold images, in natural order.
    """

    path: Path
    images: tuple[Path, ...]
    branches: tuple[Branch, ...]

    @property
    def name(self) -> str:
        """Name of the folder, as it is on disk."""
        return self.path.name

    @property
    def all_images(self) -> tuple[Path, ...]:
        """Image files in this folder and deeper."""
        deeper = (image for branch in self.branches for image in branch.all_images)
        return (*self.images, *deeper)


@dataclass(frozen=True)
class FolderTree:
    """What is in a folder.

    Attributes:
        root: The folder.
        tables: Files at its top that are named like the table, in any capitals.
        left_out: What is not read.
        links: Number of links to files or folders that were followed.
    """

    root: Branch
    tables: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]
    links: int


def read_tree(folder: Path) -> FolderTree:
    """Return the images in a folder and deeper.

    Links are followed, also out of the folder, unless they lead back to a folder above or to one
    that is read already.

    Args:
        folder: Absolute path of a folder.

    Returns:
        The tree.

    Raises:
        OSError: The folder itself can't be read.
    """
    walk = _Walk(folder)
    root = walk.visit(folder, level=0)
    return FolderTree(root, tuple(walk.tables), tuple(walk.left_out), walk.links)


@dataclass
class _Walk:
    top: Path
    left_out: list[LeftOut] = field(default_factory=list)
    tables: list[Path] = field(default_factory=list)
    links: int = 0
    visited: set[Path] = field(default_factory=set)

    def visit(self, folder: Path, *, level: int) -> Branch:
        self.visited.add(folder.resolve())
        entries = sorted(os.scandir(folder), key=lambda one: name_order(one.name))
        images, branches, refused = [], [], ""
        if level and (reason := _no_branch([entry.name for entry in entries])):
            self._leave_out(folder, reason)
            return Branch(folder, (), ())
        for entry in entries:
            path = folder / entry.name
            if is_service(entry.name):
                self._leave_out(path, SYSTEM)
                continue
            try:
                mode = os.stat(path).st_mode
            except OSError as error:
                refused = self._refused(path, entry, error) or refused
                continue
            if stat.S_ISDIR(mode):
                branch = self._enter(path, linked=entry.is_symlink(), level=level)
                if branch and branch.all_images:
                    branches.append(branch)
            elif level == 0 and stat.S_ISREG(mode) and entry.name.casefold() == TABLE:
                self.tables.append(path)
            elif reason := _no_image(path, mode):
                self._leave_out(path, reason)
            else:
                self.links += entry.is_symlink()
                images.append(path)
        if level and refused and not images and not branches:
            self._leave_out(folder, f"{CLOSED} ({refused})")
        return Branch(folder, tuple(images), tuple(branches))

    def _refused(self, path: Path, entry: os.DirEntry[str], error: OSError) -> str:
        """Leave out what nothing can be learned of; return why, if it is a file."""
        if entry.is_symlink():
            self._leave_out(path, "a broken link")
        elif entry.is_dir(follow_symlinks=False):
            self._leave_out(path, f"{CLOSED} ({error.strerror})")
        else:
            self._leave_out(path, f"{error.strerror}")
            return f"{error.strerror}"
        return ""

    def _enter(self, path: Path, *, linked: bool, level: int) -> Branch | None:
        target = path.resolve()
        if linked and self.top.resolve().is_relative_to(target):
            self._leave_out(path, "a link to a parent folder")
        elif target in self.visited or (linked and target in self._real_folders):
            self._leave_out(path, "a link to a folder that is read itself")
        elif level == DEPTH:
            self._leave_out(path, "too deep")
        else:
            try:
                branch = self.visit(path, level=level + 1)
            except OSError as error:
                self._leave_out(path, f"{CLOSED} ({error.strerror})")
                return None
            self.links += linked
            return branch
        return None

    @functools.cached_property
    def _real_folders(self) -> set[Path]:
        """Folders that are reached without a link."""
        found, waiting = set(), [self.top.resolve()]
        while waiting:
            folder = waiting.pop()
            found.add(folder)
            try:
                entries = list(os.scandir(folder))
            except OSError:  # The walk itself says so.
                continue
            waiting += [
                folder / one.name
                for one in entries
                if one.is_dir(follow_symlinks=False) and not is_service(one.name)
            ]
        return found

    def _leave_out(self, path: Path, reason: str) -> None:
        self.left_out.append(LeftOut(path, reason))


def _no_branch(names: Sequence[str]) -> str:
    """Return why a folder is no input, by what is in it; empty if it may be."""
    if _RUN_FILES.issubset(names):
        return RUN
    if not all(map(is_service, names)):
        return ""
    # Perhaps of a cell whose images are still to come.
    behind = {Path(name_behind(name)).suffix.lower() for name in names}
    return NOT_HERE if behind.intersection(SUFFIXES) else EMPTY


def _no_image(path: Path, mode: int) -> str:
    """Return why a file is no input; empty for an image."""
    if not stat.S_ISREG(mode):
        return "not a regular file"
    if is_result(path.name):
        return RESULT
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        return f"{NO_IMAGE}: {suffix}" if suffix else NO_IMAGE
    return ""
