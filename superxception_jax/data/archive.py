"""Public data sets that users place themselves: zip files or their unpacked folders.

The sets have no licence that would allow a download on the user's behalf. They differ in the
names and places of their images, which an `Archive` describes, and not in how they are loaded.
"""

from __future__ import annotations

import functools
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from superxception_jax.chromosomes import natural_key
from superxception_jax.data.images.image_file import check_file_size, load_content
from superxception_jax.data.images.pixels import PictureError
from superxception_jax.data.record import ChromosomeRecord, raise_problems

_MISSING = """\
`manual_dir` must hold {archive.title}, got nothing like it in {path}; do one of these:
  1. Get the data set: {archive.instructions}
     No licence is known: never redistribute the images.
  2. Put the zip file, or the unpacked folder `{archive.folder}`, into
     {path}
  3. Or train without it, on synthetic cells:
     python launch/main.py --config=configs/super_xception.py"""


@dataclass(frozen=True)
class Archive:
    """Description of a public data set as its zip file or unpacked folder.

    Attributes:
        title: Name of the data set, with its article, for messages.
        instructions: Content and origin of the data set, shown where it is missing.
        folder: Name of the folder that the unpacked archive has.
        depth: Number of path parts of an image below that folder.
        is_image: Whether the last `depth` parts of a path can be those of an image, or of a file
            that describes one.
        is_sign: Whether the last `depth` parts of a path are found in no other data set; None if
            `is_image` says so.
        has_neighbours: Whether the zip file may hold other folders with files of the same names;
            they are not read where `folder` is there.
    """

    title: str
    instructions: str
    folder: str
    depth: int
    is_image: Callable[[tuple[str, ...]], bool]
    is_sign: Callable[[tuple[str, ...]], bool] | None = None
    has_neighbours: bool = False


def find_archive(manual_dir: str | Path, *, archive: Archive) -> Path:
    """Return the path of a data set: its zip file or its folder.

    Args:
        manual_dir: Folder that holds the zip file (under any name) or the folder
            `archive.folder`, or one of these two itself.
        archive: Description of the data set.

    Returns:
        The zip file, or the folder below which the images are `archive.depth` parts deep.

    Raises:
        FileNotFoundError: There is none; the message says how to get the data set.
    """
    path = Path(manual_dir).expanduser().absolute()
    if path.is_dir():
        for folder in (path / archive.folder, path):
            if folder.is_dir() and any(_is_sign(name, archive) for name in _names(folder, archive)):
                return folder
        zips = sorted(file for file in path.iterdir() if file.suffix.lower() == ".zip")
    else:
        zips = [path] if path.is_file() else []
    unreadable = []
    for file in zips:
        try:
            with zipfile.ZipFile(file) as opened:
                if any(_is_sign(name, archive) for name in opened.namelist()):
                    return file
        except (zipfile.BadZipFile, OSError) as error:
            unreadable.append(f"\nNote: {file} can't be read as a zip file ({error}).")
    raise FileNotFoundError(_MISSING.format(archive=archive, path=path) + "".join(unreadable))


def load_archive(
    path: Path,
    *,
    archive: Archive,
    parse: Callable[[str, bytes], ChromosomeRecord],
    find_problems: Callable[[Sequence[ChromosomeRecord]], list[str]],
) -> list[ChromosomeRecord]:
    """Load and check all images of a data set.

    Args:
        path: Zip file or folder, as `find_archive` returns it.
        archive: Description of the data set.
        parse: Record of an image from its path and content; raises `ValueError`.
        find_problems: Lists how the records of a readable archive differ from the complete set.

    Returns:
        All chromosomes, sorted by cell, then name.

    Raises:
        ValueError: Files are damaged, misnamed or repeated, or counts differ; all are listed.
    """
    records: dict[str, ChromosomeRecord] = {}
    problems = []
    with open_archive(path, archive=archive) as files:
        for file, read in files:
            try:
                record = parse(file, read())
                if record.name in records:
                    raise ValueError("this chromosome is in the archive twice")
                records[record.name] = record
            except ValueError as error:
                problems.append(f"{file}: {error}")
    # Where files were refused, counts differ as a matter of course: only the cause is listed.
    if not problems:
        problems = find_problems(list(records.values()))
    raise_problems(problems, source=str(path))
    return sorted(records.values(), key=lambda record: natural_key(record.name))


@contextmanager
def open_archive(
    path: Path, *, archive: Archive
) -> Iterator[list[tuple[str, Callable[[], bytes]]]]:
    """Open a data set, whose files are read one by one and in any order.

    Args:
        path: Zip file or folder, as `find_archive` returns it.
        archive: Description of the data set.

    Yields:
        Path of each image, and a function that returns its content; it raises `ValueError` where
        the file can't be read.
    """
    if path.is_dir():
        yield [
            (name, functools.partial(_content, functools.partial(load_content, path / name)))
            for name in _images(_names(path, archive), archive)
        ]
        return
    with zipfile.ZipFile(path) as opened:
        yield [
            (name, functools.partial(_content, functools.partial(_unpack, opened, name)))
            for name in _zipped_images(opened, archive)
        ]


def digest_archive(manual_dir: str | Path, *, archive: Archive) -> dict[str, str]:
    """Return digests by which a corrected or completed archive is told from the one before.

    Args:
        manual_dir: See `find_archive`.
        archive: Description of the data set.

    Returns:
        `files`, of the names and sizes of all files, the same for a zip file and its folder; and
        of a zip file `contents`, of their checksums, too. Empty where no archive can be read.
    """
    try:
        path = find_archive(manual_dir, archive=archive)
        if path.is_dir():
            names = _images(_names(path, archive), archive)
            return {"files": _digest((name, (path / name).stat().st_size) for name in names)}
        with zipfile.ZipFile(path) as opened:
            found = [
                ("/".join(PurePosixPath(name).parts[-archive.depth :]), opened.getinfo(name))
                for name in _zipped_images(opened, archive)
            ]
    except (OSError, zipfile.BadZipFile):
        return {}
    return {
        "files": _digest((name, one.file_size) for name, one in found),
        "contents": _digest((name, one.file_size, one.CRC) for name, one in found),
    }


def is_other_archive(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether two archives are known to differ.

    Args:
        one: Its digests, see `digest_archive`; empty where it isn't known.
        other: Those of the other.
    """
    return any(one[name] != other[name] for name in one.keys() & other.keys())


def _digest(rows: Iterable[tuple[str | int, ...]]) -> str:
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()


def _images(names: Iterable[str], archive: Archive) -> list[str]:
    return [name for name in names if _is_image(name, archive)]


def _zipped_images(opened: zipfile.ZipFile, archive: Archive) -> list[str]:
    names = _images(opened.namelist(), archive)
    if archive.has_neighbours:
        return [name for name in names if archive.folder in PurePosixPath(name).parts] or names
    return names


def _is_image(file: str, archive: Archive) -> bool:
    return _fits(file, archive, archive.is_image)


def _is_sign(file: str, archive: Archive) -> bool:
    return _fits(file, archive, archive.is_sign or archive.is_image)


def _fits(file: str, archive: Archive, test: Callable[[tuple[str, ...]], bool]) -> bool:
    parts = PurePosixPath(file).parts
    return (
        len(parts) >= archive.depth
        # The files that macOS adds to folders and zip files have the same endings.
        and not parts[-1].startswith(".")
        and "__MACOSX" not in parts
        and test(parts[-archive.depth :])
    )


def _names(folder: Path, archive: Archive) -> Iterator[str]:
    for file in sorted(folder.glob("/".join("*" * archive.depth))):
        yield file.relative_to(folder).as_posix()


def _unpack(opened: zipfile.ZipFile, name: str) -> bytes:
    check_file_size(opened.getinfo(name).file_size)
    return opened.read(name)


def _content(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except PictureError:
        raise
    except Exception as error:  # A damaged zip entry raises what its decompressor raises.
        raise ValueError(f"the file can't be read ({error})") from error
