"""Writing of files, completely or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to a file; it replaces the file when the block succeeds.

    A reader sees the old file or the complete new one. If the block raises, the old file stays
    and the temporary one is deleted.

    Args:
        path: File to write; its folder must exist.

    Yields:
        The path to write to, unique to this process.

    Raises:
        OSError: The file can't be written.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write text as UTF-8, completely or not at all.

    Args:
        path: File to write; its folder must exist.
        text: Content of the file.

    Returns:
        The path.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
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
