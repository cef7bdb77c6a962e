"""Names of files and folders: safe to show, comparable, and which of them are never data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath

from superxception_jax.chromosomes import natural_key

# Hidden files that stand for one that is in a cloud (iCloud), or that rsync is copying.
_HIDDEN = re.compile(r"\.(?!_)(?P<name>.+)\.(?:icloud|nextcloud|owncloud|\w{6})")
# Files and folders that operating systems, file servers and editors add; compared in small
# letters. Names that begin with a dot are hidden, and among these too.
_SERVICE_NAMES = frozenset(
    {
        "__macosx",
        "__pycache__",
        "$recycle.bin",
        "@eadir",
        "@recycle",
        "#recycle",
        "#snapshot",
        "desktop.ini",
        "ehthumbs.db",
        "found.000",
        "icon\r",
        "lost+found",
        "recycler",
        "system volume information",
        "thumbs.db",
    }
)
# A cell's results contain these, and the folder of all results a report.
_RESULT_NAMES = ("karyotype.json", "assignments.csv", "report.html")
# Not allowed in names of files on every system, or special there.
_RESERVED_CHARACTERS = frozenset('<>:"|?*\\')
_RESERVED_NAMES = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)
_FIRST_BYTE, _LAST_BYTE = 0xDC80, 0xDCFF  # Surrogates by which Python keeps bytes of no UTF-8.


def shown_name(name: str) -> str:
    r"""Return the name of a file or folder as one line of text that every output can hold.

    Different names stay different, because the backslash itself is escaped too.

    Args:
        name: Name as Python reads it from disk, or path with slashes; see `shown_path`.

    Returns:
        The name; bytes that are not UTF-8, control and format characters, and the backslash are
        written as backslash escapes.

    >>> shown_name("caf\udce9 1\n.png")
    'caf\\xe9 1\\n.png'
    """
    return "".join(_shown_character(one) for one in name)


def shown_path(path: PurePath) -> str:
    """Return a path as `shown_name` shows a name, with slashes on every system.

    Args:
        path: Path of a file or folder.
    """
    return shown_name(path.as_posix())


def same_text(name: str) -> str:
    """Return a name in the form in which two spellings of it are equal.

    An accented letter is one character on some systems and two on others (NFC and NFD).

    Args:
        name: Any name.

    Returns:
        The name in NFC.
    """
    return unicodedata.normalize("NFC", name)


def folded_text(name: str) -> str:
    """Return a name in the form in which spellings that differ by capitals only are equal.

    Args:
        name: Any name.

    Returns:
        The name in NFC, in small letters, with single spaces.
    """
    return same_text(" ".join(same_text(name).casefold().split()))


def name_order(name: str) -> tuple[object, ...]:
    """Return a sort key of names: numbers as numbers, both forms of an accent alike.

    Args:
        name: Any name.

    Returns:
        The key; different names have different keys.
    """
    return (natural_key(same_text(name)), name)


def name_behind(name: str) -> str:
    """Return the name of the file for which a hidden one stands.

    Args:
        name: Name without its folder.

    Returns:
        That of a file in a cloud that is not downloaded (iCloud), or that rsync is copying; empty
        for any other name.

    >>> name_behind(".scan 3a.png.icloud"), name_behind(".3a.tif.Xy3k2a"), name_behind("._3a.png")
    ('scan 3a.png', '3a.tif', '')
    """
    match = _HIDDEN.fullmatch(name)
    return match["name"] if match else ""


def is_service(name: str) -> bool:
    """Return whether a file or folder belongs to a system or program and is never data.

    Args:
        name: Name without its folder.

    Returns:
        True for hidden names and for those that file managers, servers and archives add.
    """
    return name.startswith((".", "~$")) or name.casefold() in _SERVICE_NAMES


def is_result(name: str) -> bool:
    """Return whether a file of this name is a result of this program and no input.

    Args:
        name: Name without its folder.

    Returns:
        True for the karyogram in any format, the tables and the report.
    """
    folded = name.casefold()
    return folded in _RESULT_NAMES or PurePosixPath(folded).stem == "karyogram"


def folders_for(names: Sequence[str]) -> dict[str, PurePosixPath]:
    """Return a folder for each of several names, such as those of cells.

    Args:
        names: N different names; a slash separates folders.

    Returns:
        Relative path by name. No two are equal on a system that ignores capitals, and none
        leads out of the folder that holds them.
    """
    result: dict[str, PurePosixPath] = {}
    taken: set[str] = set()
    for name in names:
        parts = [_allowed(part) for part in name.split("/")]
        path, number = PurePosixPath(*parts), 1
        while folded_text(str(path)) in taken:
            number += 1
            path = PurePosixPath(*parts[:-1], f"{parts[-1]} ({number})")
        taken.add(folded_text(str(path)))
        result[name] = path
    return result


def _shown_character(one: str) -> str:
    code = ord(one)
    if _FIRST_BYTE <= code <= _LAST_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    # Control and format characters: a line break splits a message, U+202E turns it round.
    if one == "\\" or unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return one.encode("unicode_escape").decode("ascii")
    return one


def _allowed(part: str) -> str:
    """Return a part of a path with what some system does not allow replaced by `_`."""
    text = "".join("_" if c in _RESERVED_CHARACTERS or ord(c) < 32 else c for c in part)
    text = text.rstrip(". ") or "_"
    if text.casefold().partition(".")[0] in _RESERVED_NAMES or is_result(text):
        text = f"{text}_"
    return text
