"""Reading and writing of files: completely or not at all, with a remedy where a file is damaged."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


# What a NumPy archive that isn't one raises.
_ARCHIVE_ERRORS = (
    *(ValueError, TypeError, KeyError, EOFError, OSError, MemoryError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to a file; it replaces the file when the block succeeds.

    A reader sees the old file or the complete new one, after a loss of power too. If the block
    raises, the old file stays and the temporary one is deleted.

    Args:
        path: File to write; its folder must exist.

    Yields:
        The path to write to, unique to this call.

    Raises:
        OSError: The file can't be written; its `filename` is the given path.
    """
    # Processes of two containers may have the same number.
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        with temporary.open("r+b") as file:
            # Some file systems rename before the content is on the disk.
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        # A full disk is reported without a name, other problems with that of the temporary file.
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def undoing(moves: Sequence[tuple[Path, Path]]) -> Iterator[None]:
    """Move files back if the block, which moves them, raises or is stopped by a signal.

    A file that can't be moved back, because another program holds it, is left where it is; the
    others are moved back all the same.

    Args:
        moves: Path of each file or folder before and after, in the order of the moves.
    """
    try:
        yield
    except BaseException:
        for before, after in reversed(moves):
            # A file that has not moved may have the name that another one had.
            if after.exists() and not before.exists():
                with contextlib.suppress(OSError):
                    before.parent.mkdir(exist_ok=True)
                    os.replace(after, before)
        raise


def absolute_path(path: str | Path) -> Path:
    """Return the absolute path of a file or folder, whose last part is its name.

    Args:
        path: Path as a user writes it; `~` is the home folder.

    Returns:
        The path. Links are followed only where it has `..`, which leads up from their targets.
    """
    absolute = Path(path).expanduser().absolute()
    return absolute.resolve() if ".." in absolute.parts else absolute


def readable_name(name: str) -> str:
    r"""Return the name of a file as text that every output can hold.

    Args:
        name: Name of a file; bytes that are no UTF-8 are surrogates, as Python reads them.

    Returns:
        The name, surrogates written as backslash escapes.

    >>> readable_name("scan \udce9.png")
    'scan \\udce9.png'
    """
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def write_text(path: Path, text: str) -> Path:
    r"""Write text as UTF-8 with `\n` at the end of a line, completely or not at all.

    Args:
        path: File to write; its folder must exist.
        text: Content of the file. What UTF-8 lacks, such as bytes of a file name in another
            encoding, is written as an escape like `\udcff`, which JSON reads as the same name.

    Returns:
        The path.
    """
    with replacing(path) as temporary:
        # Where lines end in another way, as on Windows, what reads the bytes would not know them.
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    return path


def write_json(path: Path, values: Mapping[str, Any]) -> Path:
    """Write JSON, completely or not at all.

    Args:
        path: File to write; its folder must exist.
        values: Values that JSON can hold.

    Returns:
        The path.
    """
    return write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def load_json(
    path: Path, *, content: str, remedy: str, keys: Collection[str] = ()
) -> dict[str, Any]:
    """Load a JSON object, such as `write_json` wrote.

    Args:
        path: File to read.
        content: What the file must hold, such as `the config of a run`.
        remedy: What to do about a missing or damaged file, such as `restore it from a copy`.
        keys: Names that the object must have.

    Returns:
        The values by name.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged or holds something else; the text names it, what is wrong
            and the remedy.
    """
    try:
        values = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"`{path}` must hold {content}, got no such file; {remedy}."
        ) from error
    except (ValueError, RecursionError, IsADirectoryError) as error:
        raise damaged(path, error, content=content, remedy=remedy) from error
    if not isinstance(values, dict):
        problem = f"a JSON {type(values).__name__} instead of an object"
        raise damaged(path, problem, content=content, remedy=remedy)
    missing = [key for key in keys if key not in values]
    if missing:
        problem = f"{', '.join(f'`{key}`' for key in missing)} missing"
        raise damaged(path, problem, content=content, remedy=remedy)
    return values


def load_arrays(
    path: Path, *, content: str, remedy: str, names: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """Load the arrays of a `.npz` file; nothing in it is executed.

    Args:
        path: File to read.
        content: What the file must hold, such as `the predictions of a run`.
        remedy: What to do about a missing or damaged file.
        names: Names of the arrays to load; all if there are none.

    Returns:
        The arrays by name.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged or holds something else, such as pickled objects.
    """
    import numpy as np  # Here, because programs answer `--help` before they load it.

    with opened_arrays(path, content=content, remedy=remedy) as stored:
        arrays = {name: stored[name] for name in names or stored.files}
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):
                # NumPy returns a member that isn't an array as bytes.
                raise ValueError(f"`{name}` is not an array")
        return arrays


@contextlib.contextmanager
def opened_arrays(path: Path, *, content: str, remedy: str) -> Iterator[Any]:
    """Yield an open `.npz` file; raises what `load_arrays` raises, also for errors of the block.

    Args:
        path: File to read.
        content: What the file must hold.
        remedy: What to do about a missing or damaged file.
    """
    import numpy as np

    try:
        # Opened here, because NumPy leaves a damaged file open.
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("not a NumPy archive")
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                yield stored
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"`{path}` must hold {content}, got no such file; {remedy}."
        ) from error
    except _ARCHIVE_ERRORS as error:
        raise damaged(path, error, content=content, remedy=remedy) from error


def damaged(path: Path, problem: object, *, content: str, remedy: str) -> ValueError:
    """Return the error of a file that doesn't hold what it should.

    Args:
        path: The file.
        problem: What is wrong, or the exception that says so; of it the first line is told.
        content: What the file must hold.
        remedy: What to do.
    """
    text = str(problem).strip().splitlines() or [type(problem).__name__]
    return ValueError(f"`{path}` must hold {content}, got a damaged file ({text[0]}); {remedy}.")


def check_name(name: str) -> None:
    """Raise if the text of `--name` can't be the name of files in the folder of the results.

    Args:
        name: The name, of a folder or of files with various endings.

    Raises:
        ValueError: The name is empty, leads to another folder or holds other characters.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(
            f"`--name` must consist of letters, digits, `_`, `-` and `.`, got `{name}`; it names "
            "what is written to the folder of the results."
        )


def check_writable(folder: Path, *, name: str) -> None:
    """Raise if no file can be written into a folder; nothing is left behind.

    Args:
        folder: Folder, which need not exist; then the nearest one above it that does is tried.
        name: Flag or field that names the folder, for the message.

    Raises:
        OSError: The folder is read-only, full, or its path leads through a file.
    """
    existing = absolute = Path(os.path.abspath(folder.expanduser()))
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    try:
        if not existing.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        _try_to_write(existing, in_folder=existing != absolute)
    except OSError as error:
        raise type(error)(
            f"`{name}` must be a folder that can be written, got `{folder}`: {error.strerror} "
            f"(`{existing}`); choose another folder, free space or change the permissions."
        ) from error


def _try_to_write(folder: Path, *, in_folder: bool) -> None:
    """Write and remove a file, or one in a new folder: some may only make folders here."""
    # On Windows, `tempfile` takes a refusal for a name that exists, and tries the next, for hours.
    trial = folder / f".writable-{secrets.token_hex(4)}"
    file = trial / "file" if in_folder else trial
    if in_folder:
        trial.mkdir()
    try:
        with file.open("xb") as opened:
            opened.write(b"\0" * 4096)  # A full disk still makes empty files.
    finally:
        file.unlink(missing_ok=True)
        if in_folder:
            trial.rmdir()
