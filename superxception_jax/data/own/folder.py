"""A laboratory's own folder: what it holds is read, checked and hashed as a whole."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from superxception_jax.chromosomes import MOST_CHROMOSOMES, class_label, natural_key
from superxception_jax.data.file_names import shown_path
from superxception_jax.data.folders.folder_layout import recognize_layout
from superxception_jax.data.folders.folder_reading import CELL_IMAGES
from superxception_jax.data.folders.folder_tree import TABLE
from superxception_jax.data.folders.layout_record import FolderLayout
from superxception_jax.data.images.image_file import (
    DecodedImage,
    decode_image,
    digest_content,
    hash_image,
    load_content,
    refuse_colour,
)
from superxception_jax.data.normalization.background import LeveledCell, level_cell
from superxception_jax.data.own.labels import LabelledFile, read_labels
from superxception_jax.data.own.screened_folder import (
    describe_aside,
    describe_copied_cells,
    screen_files,
)
from superxception_jax.data.record import ChromosomeRecord, raise_problems
from superxception_jax.data.screening.equal_images import (
    Fingerprint,
    find_equal_images,
    twin_problems,
)
from superxception_jax.data.screening.twins import Portrait
from superxception_jax.files import absolute_path

HASH_VERSION = 4  # Raise it whenever the records of an unchanged folder change.
# Images that are kept between their check and their preparation; others are decoded twice.
_KEPT_BYTES = 2**30
HOW_TO = (
    "name files `<cell>/<anything> <class>[a|b|...].<tif|png|bmp|jpg|jp2|webp|gif>`, "
    f"or write a table `{TABLE}` with the columns file,class[,cell][,case][,turned]"
)


@dataclasses.dataclass(frozen=True)
class OwnFolder:
    """A laboratory's folder, read but for the pixels of its images.

    Attributes:
        layout: Layout of the folder.
        files: The images with their classes.
        digests: Hash of the content of each file.
        notices: Sentences for the user.
    """

    layout: FolderLayout
    files: tuple[LabelledFile, ...]
    digests: Mapping[Path, str]
    notices: tuple[str, ...]

    @property
    def content_hash(self) -> str:
        """12 hexadecimal digits; others whenever an image or what is stated of it changes."""
        digest = hashlib.sha256(f"{HASH_VERSION}\n".encode())
        for one in sorted(self.files, key=lambda one: one.shown):
            fields = [one.shown, one.label, one.cell, one.case, self.digests[one.path]]
            if one.turned is not None:
                fields.append(f"turned {one.turned}")
            digest.update(("\0".join(fields) + "\n").encode())
        return digest.hexdigest()[:12]


def find_folder(folder: str | Path) -> Path:
    """Return the absolute path of a laboratory's folder.

    Args:
        folder: Path of the folder; `~` is the home folder.

    Returns:
        The absolute path.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    path = absolute_path(folder)
    if not str(folder) or not path.is_dir():
        raise FileNotFoundError(
            f"`folder` must be a folder of chromosome images, got {str(folder)!r} (looked for "
            f"{shown_path(path)}); create it and {HOW_TO}."
        )
    return path


def read_folder(folder: Path, *, twins: str) -> OwnFolder:
    """Return what a laboratory's folder holds: cells, classes and a hash of each file.

    With a table, only the files that it lists are read. A row without a cell takes the folder of
    the file; a cell without a case is a case of its own.

    Args:
        folder: Folder of the laboratory, as `find_folder` returns it.
        twins: "refuse" or "allow" equal files in several cells.

    Returns:
        The folder; no image is decoded yet.

    Raises:
        ValueError: There are no images, a class or cell is unknown or may be read in two ways, a
            cell has too many images, or files are there twice; all of a kind are listed.
    """
    try:
        layout = recognize_layout(folder)
    except FileNotFoundError as error:
        raise ValueError(f"{error} Then {HOW_TO}.") from error
    # More images in a folder are those of several cells, unless a table says that they are of one.
    layout.check_cell_sizes(most=MOST_CHROMOSOMES if layout.kind == "table" else CELL_IMAGES)
    files = read_labels(layout)
    digests, problems = {}, []
    for one in files:
        try:
            digests[one.path] = digest_content(one.path)
        except OSError as error:
            problems.append(f"{one.shown}: the file can't be read ({error.strerror})")
        except ValueError as error:
            problems.append(f"{one.shown}: {error}")
    raise_problems(problems, source=shown_path(folder))
    contents = (Fingerprint(one.cell, one.shown, digests[one.path]) for one in files)
    problems, notice = twin_problems(*find_equal_images(contents), twins=twins)
    raise_problems(problems, source=shown_path(folder))
    notices = tuple(filter(None, (layout.sentence, notice)))
    return OwnFolder(layout, tuple(files), digests, notices)


def load_folder(
    folder: OwnFolder, *, twins: str, polarity: str, background: str
) -> list[ChromosomeRecord]:
    """Load and check all images of a laboratory's folder, also those that are no chromosome.

    Args:
        folder: The folder, as `read_folder` returns it.
        twins: "refuse" or "allow" equal pixels in several cells.
        polarity: An entry of `POLARITIES`: "upright" takes images for upright unless the table
            says otherwise, "any" only those of which it says so.
        background: "dark", "light", or "auto": decided for each cell.

    Returns:
        All chromosomes, sorted by cell, then name; the images of each cell are scaled to 8 bits
        and brought to a black or white background together, and those that the table calls
        turned are rotated by 180°.

    Raises:
        ValueError: Images are damaged, coloured or there twice; all are listed.
    """
    return list(
        iterate_folder(folder, twins=twins, polarity=polarity, background=background, tell=None)
    )


def iterate_folder(
    folder: OwnFolder,
    *,
    twins: str,
    polarity: str,
    background: str,
    tell: Callable[[str], object] | None,
) -> Iterator[ChromosomeRecord]:
    """Check all images of a laboratory's folder, and return an iterator over them.

    Args:
        folder: The folder, as `read_folder` returns it.
        twins: "refuse" or "allow" equal pixels in several cells.
        polarity: An entry of `POLARITIES`, see `load_folder`.
        background: An entry of `BACKGROUNDS`, see `load_folder`.
        tell: Called with what is said of images that can't be one chromosome of their cell, see
            `screen_cell`, which are left out, and of cells that seem to be one. None: these are
            not looked for.

    Returns:
        The chromosomes of `load_folder`. Those of a large folder are decoded again, so that they
        are never in memory together.

    Raises:
        ValueError: Images are damaged, coloured or there twice; all are listed. Or none is left.
    """
    by_cell = _by_cell(folder.files)
    problems: list[str] = []
    contents: list[Fingerprint] = []
    kept: dict[str, list[ChromosomeRecord]] = {}
    aside: dict[Path, str] = {}
    portraits: list[tuple[str, Portrait]] = []
    room_bytes = _KEPT_BYTES
    for cell, files in by_cell.items():
        images = _decode(files, add_problem=problems.append)
        if len(images) < len(files):
            continue  # The missing images are problems already.
        contents += [
            Fingerprint(cell, one.shown, hash_image(image.grey))
            for one, image in zip(files, images, strict=True)
        ]
        try:
            leveled = level_cell(images, background=background)
        except ValueError as error:
            problems.append(f"cell {cell}: {error}")
            continue
        if tell is not None:
            reasons, drawn = screen_files(files, leveled)
            aside |= reasons
            portraits += drawn
        records = _records(files, leveled, aside=aside, polarity=polarity)
        room_bytes -= sum(record.image.nbytes for record in records)
        if room_bytes >= 0:
            kept[cell] = records
    problems += twin_problems(*find_equal_images(contents), twins=twins)[0]
    source = shown_path(folder.layout.folder)
    raise_problems(problems, source=source)
    if aside and tell is not None:
        lines = [f"{one.shown}: {aside[one.path]}" for one in folder.files if one.path in aside]
        if len(lines) == len(folder.files):
            raise_problems(lines, source=source)
        tell(describe_aside(lines))
    # Where equal images are allowed, these are as well.
    if tell is not None and twins == "refuse" and (copied := describe_copied_cells(portraits)):
        tell(copied)
    return _in_order(
        by_cell, kept, aside=aside, polarity=polarity, background=background, source=source
    )


def _by_cell(files: Iterable[LabelledFile]) -> dict[str, list[LabelledFile]]:
    by_cell: dict[str, list[LabelledFile]] = {}
    for one in files:
        by_cell.setdefault(one.cell, []).append(one)
    return by_cell


def _in_order(
    by_cell: Mapping[str, Sequence[LabelledFile]],
    kept: dict[str, list[ChromosomeRecord]],
    *,
    aside: Mapping[Path, str],
    polarity: str,
    background: str,
    source: str,
) -> Iterator[ChromosomeRecord]:
    """Yield the records by cell, then name; decode those that were not kept."""
    for cell in sorted(by_cell, key=natural_key):
        records = kept.pop(cell, None)
        if records is None:
            problems: list[str] = []
            images = _decode(by_cell[cell], add_problem=problems.append)
            raise_problems(problems, source=source)  # It was changed since it was checked.
            leveled = level_cell(images, background=background)
            records = _records(by_cell[cell], leveled, aside=aside, polarity=polarity)
        yield from sorted(records, key=lambda record: natural_key(record.name))


def _records(
    files: Sequence[LabelledFile],
    leveled: LeveledCell,
    *,
    aside: Mapping[Path, str],
    polarity: str,
) -> list[ChromosomeRecord]:
    return [
        ChromosomeRecord(
            image=image[::-1, ::-1].copy() if one.turned else image,
            label=class_label(one.label),
            cell=one.cell,
            case=one.case,
            name=one.shown.rpartition(".")[0],
            upright=one.turned is not None or polarity == "upright",
        )
        for one, image in zip(files, leveled.images, strict=True)
        if one.path not in aside
    ]


def _decode(
    files: Sequence[LabelledFile], *, add_problem: Callable[[str], object]
) -> list[DecodedImage]:
    images = []
    for one in files:
        try:
            image = decode_image(load_content(one.path))
            refuse_colour(image)
            images.append(image)
        except OSError as error:
            add_problem(f"{one.shown}: the file can't be read ({error.strerror})")
        except ValueError as error:
            add_problem(f"{one.shown}: {error}")
    return images
