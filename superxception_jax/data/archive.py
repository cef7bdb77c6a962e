"""Archives that the user places: a zip file or its unpacked folder, found and read alike."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from superxception_jax.data.record import ChromosomeRecord


@dataclass(frozen=True)
class ArchiveLayout:
    """Say how the images of an archive lie in it.

    **Source:** ours, because the public archives differ in names, not in how they are read.

    Attributes:
        folder: name of the folder that an unpacked archive has.
        depth: number of path parts of an image below that folder.
        is_image: whether the last `depth` parts of a path can be those of an image.
    """

    folder: str
    depth: int
    is_image: Callable[[tuple[str, ...]], bool]


def find_archive_file(manual_dir: str | Path, *, layout: ArchiveLayout, missing: str) -> Path:
    """Find a data set as a zip file or a folder.

    Args:
        manual_dir: a folder that holds the zip file (under any name) or the folder
            `layout.folder`, or one of these two itself.
        layout: how the images lie in it.
        missing: message where there is none; `{path}` becomes the place that was searched.

    Returns:
        The zip file, or the folder below which the images lie `layout.depth` parts deep.

    Raises:
        FileNotFoundError: there is none.

    **Source:** ours, because sets without a licence may not be downloaded for users.
    """
    path = Path(manual_dir).expanduser().absolute()
    if path.is_dir():
        for folder in (path / layout.folder, path):
            if folder.is_dir() and any(_is_image(n, layout) for n in _names(folder, layout)):
                return folder
        zips = sorted(file for file in path.iterdir() if file.suffix.lower() == ".zip")
    else:
        zips = [path] if path.is_file() else []
    unreadable = []
    for file in zips:
        try:
            with zipfile.ZipFile(file) as archive:
                if any(_is_image(name, layout) for name in archive.namelist()):
                    return file
        except (zipfile.BadZipFile, OSError) as error:
            unreadable.append(f"\nNote: {file} can't be read as a zip file ({error}).")
    raise FileNotFoundError(missing.format(path=path) + "".join(unreadable))


def load_archive_file(
    path: Path, *, layout: ArchiveLayout, parse: Callable[[str, bytes], ChromosomeRecord]
) -> tuple[list[ChromosomeRecord], list[str]]:
    """Read all images of an archive.

    Args:
        path: a zip file or folder as `find_archive_file` returns it.
        layout: how the images lie in it.
        parse: makes a record of the path and the content of a file; raises `ValueError`.

    Returns:
        The records in the order of the archive, and one line for every file that is
        damaged, misnamed or there twice.

    **Source:** ours, because each quirk of a public archive broke a public loader unnoticed.
    """
    records: dict[str, ChromosomeRecord] = {}
    problems = []
    contents = _zip_contents if path.is_file() else _folder_contents
    for file, read in contents(path, layout):
        try:
            record = parse(file, read())
            if record.name in records:
                raise ValueError("this chromosome stands in the archive twice")
            records[record.name] = record
        except ValueError as error:
            problems.append(f"{file}: {error}")
    return list(records.values()), problems


def _is_image(file: str, layout: ArchiveLayout) -> bool:
    parts = PurePosixPath(file).parts
    return (
        len(parts) >= layout.depth
        # What macOS adds to folders and zip files has the same endings.
        and not parts[-1].startswith(".")
        and "__MACOSX" not in parts
        and layout.is_image(parts[-layout.depth :])
    )


def _names(folder: Path, layout: ArchiveLayout) -> Iterator[str]:
    for file in sorted(folder.glob("/".join("*" * layout.depth))):
        yield file.relative_to(folder).as_posix()


def _folder_contents(
    folder: Path, layout: ArchiveLayout
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for name in _names(folder, layout):
        if _is_image(name, layout):
            yield name, functools.partial(_content, (folder / name).read_bytes)


def _zip_contents(file: Path, layout: ArchiveLayout) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if _is_image(name, layout):
                yield name, functools.partial(_content, functools.partial(archive.read, name))


def _content(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except Exception as error:  # A damaged zip entry raises what its decompressor raises.
        raise ValueError(f"the file can't be read ({error})") from error
