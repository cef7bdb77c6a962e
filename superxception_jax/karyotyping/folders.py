"""The cells in a folder of chromosome images, and their files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.chromosomes import MOST_CHROMOSOMES
from superxception_jax.data.file_names import shown_name
from superxception_jax.data.folders.folder_layout import recognize_cells
from superxception_jax.data.folders.folder_tree import TABLE
from superxception_jax.data.folders.table_cells import UNLISTED
from superxception_jax.data.images.image_file import (
    SUFFIXES,
    MemoryShortError,
    decode_image,
    digest_content,
    load_content,
    refuse_colour,
)
from superxception_jax.files import absolute_path, readable_name
from superxception_jax.karyotyping.cell_images import CellImages, NamedImage

_NO_CASE = (
    "no case is known: for conclusions from all cells of a patient, put their folders into one "
    "folder, and give the folder around it"
)


@dataclass(frozen=True)
class CellFolder:
    """The image files of a cell.

    Attributes:
        name: Name of the cell.
        files: Image files, in natural order; none if the cell's folder can't be opened.
        names: Names of the images, unique in the cell; empty: those of the files.
        left_out: Name of each other file that may be an image of the cell, and why it isn't read.
        case: Patient or sample; empty if unknown.
        paths: Paths of the files below the folder of all images; empty: unknown.
        problem: Why the files can't be those of one cell; empty: they may be.
    """

    name: str
    files: tuple[Path, ...]
    names: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    case: str = ""
    paths: tuple[str, ...] = ()
    problem: str = ""

    @property
    def image_names(self) -> tuple[str, ...]:
        """Return the name of the image in each file."""
        return self.names or tuple(readable_name(file.name) for file in self.files)


@dataclass(frozen=True)
class FoundCells:
    """The cells in a folder.

    Attributes:
        cells: The cells in natural order.
        sentence: How the folder was understood, for the user: one line, and a second one where
            the cells may be those of a patient of whom nothing will be concluded.
    """

    cells: tuple[CellFolder, ...]
    sentence: str


def find_cells(images: str | Path, *, name: str = "`--images`") -> FoundCells:
    """Return the cells in a folder, and how it was understood.

    Args:
        images: Folder laid out as `recognize_cells` says, or a single image.
        name: What gave the folder, for messages.

    Raises:
        FileNotFoundError: There is no such folder, or no image in it.
        NotADirectoryError: It is a file, and no image.
        ValueError: The folder may be read in two ways, all cells have too many images, or a folder
            can't be opened where a table defines the cells. Otherwise such a folder is a cell
            without files, and one with too many images is among the cells, with its problem.
    """
    if not str(images):
        raise FileNotFoundError(
            f"{name} must be a folder of chromosome images, got none; give its path."
        )
    path = absolute_path(images)
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        shown = shown_name(path.name)
        single = CellFolder(shown_name(path.stem), (path,), names=(shown,), paths=(shown,))
        return FoundCells((single,), f"{shown}: 1 image")
    if path.is_file():
        raise NotADirectoryError(
            f"{name} must be a folder of chromosome images or one such image, got the file "
            f"`{images}`; unpack an archive, and give the folder that holds the images."
        )
    if not path.is_dir():
        raise FileNotFoundError(
            f"{name} must be a folder of chromosome images, got `{images}`, which doesn't exist; "
            "correct the path."
        )
    layout = recognize_cells(path)
    problems = [layout.size_problem(one, most=MOST_CHROMOSOMES) for one in layout.cells]
    if all(problems):
        layout.check_cell_sizes(most=MOST_CHROMOSOMES)
    unlisted = [one.path for one in layout.left_out if one.reason == UNLISTED]
    if unlisted:
        raise ValueError(
            f"`{TABLE}` must list all images unless the folders define the same cells, got "
            f"{len(unlisted)} that it doesn't list, such as "
            f"`{layout.relative_name(unlisted[0])}`; list or move them, or move the table "
            "elsewhere."
        )
    closed = [one for one in layout.left_out if one.is_closed]
    if closed and layout.kind == "table":
        found = f"`{layout.relative_name(closed[0].path)}`, {closed[0].reason}"
        raise ValueError(
            f"{name} must be a folder in which every folder can be opened where `{TABLE}` says "
            f"what the cells are, got {found}; change its permissions, or move it "
            "elsewhere."
        )
    cells = tuple(
        CellFolder(
            one.name,
            one.files,
            names=one.names,
            left_out=one.left_out,
            case=one.case,
            paths=tuple(map(layout.relative_name, one.files)),
            problem=problem,
        )
        for one, problem in zip(layout.cells, problems, strict=True)
    )
    loose = layout.kind == "cells" and len(cells) > 1
    return FoundCells(cells, f"{layout.sentence}\n{_NO_CASE}" if loose else layout.sentence)


def load_cell(folder: CellFolder) -> CellImages:
    """Load the images of a cell from disk; an unreadable file does not stop the others.

    Args:
        folder: Files of the cell.

    Returns:
        The images in the order of the files, at the full depth of the files, and each file that
        can't be read with the reason.

    Raises:
        ValueError: The files can't be those of one cell.
    """
    return load_files(folder)[0]


def load_files(folder: CellFolder) -> tuple[CellImages, tuple[str, ...]]:
    """Load the images of a cell from disk, and say what was read.

    Args:
        folder: Files of the cell.

    Returns:
        The images, see `load_cell`; and a digest of the content of each file, empty where it says
        nothing about the file that it can't be read: another time it may be.

    Raises:
        ValueError: The files can't be those of one cell.
    """
    if folder.problem:
        raise ValueError(folder.problem)
    images: list[NamedImage] = []
    digests: list[str] = []
    unread = list(folder.left_out)
    paths = folder.paths or ("",) * len(folder.files)
    for file, name, path in zip(folder.files, folder.image_names, paths, strict=True):
        digest = ""
        try:
            content = load_content(file)
            digest = hashlib.sha256(content).hexdigest()
            decoded = decode_image(content)
            refuse_colour(decoded)
        except (MemoryError, MemoryShortError):
            digest = ""
            unread.append((name, str(MemoryShortError())))
        except OSError as error:
            # Its own text names the folder, and with it maybe the patient.
            unread.append((name, f"the file can't be read ({error.strerror})"))
        except ValueError as error:
            # A file that is too large isn't read, so that its size stands for its content.
            digest = digest or str(error)
            unread.append((name, str(error)))
        else:
            images.append(NamedImage(name, decoded.grey, decoded.opacity, decoded.bits, path))
        digests.append(digest)
    cell = CellImages(
        name=readable_name(folder.name),
        images=tuple(images),
        unread=tuple(unread),
        case=folder.case,
    )
    return cell, tuple(digests)


def digest_files(folder: CellFolder) -> tuple[str, ...]:
    """Return the digests of `load_files` without decoding the images.

    Args:
        folder: Files of the cell.
    """
    digests = []
    for file in folder.files:
        try:
            digests.append(digest_content(file))
        except OSError:
            digests.append("")
        except ValueError as error:
            digests.append(str(error))
    return tuple(digests)


def digest_cell(folder: CellFolder, files: Sequence[str], *, program: str) -> str:
    """Return a digest of everything that the results of a cell depend on.

    Args:
        folder: Files of the cell.
        files: Digest of each file, from `load_files` or `digest_files`.
        program: Digest of the program, its networks and its settings.
    """
    digest = hashlib.sha256(
        json.dumps(
            [program, folder.name, folder.case, folder.names, folder.paths, folder.left_out]
        ).encode("utf-8", "surrogatepass")
    )
    for file, content in zip(folder.files, files, strict=True):
        digest.update(f"{file.name}\n{content}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
