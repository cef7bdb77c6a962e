"""The memory of this machine, or the part of it that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
# Where Linux states the limit of a container or of a job, in versions 2 and 1 of control groups.
_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")


def memory_bytes(*, control_groups: Path = _CONTROL_GROUPS) -> int:
    """Return the memory that this process may use, in bytes.

    Args:
        control_groups: Folder in which Linux states the limits of a container; it need not exist.

    Returns:
        The memory of the machine, or the limit of the container or job if that is lower.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(machine, *(_limit(control_groups / name, machine) for name in _limit_files()))


def _limit_files() -> list[str]:
    """Return the files that may state a limit, relative to the folder of control groups."""
    files = list(_LIMITS)
    own = Path("/proc/self/cgroup")
    if own.is_file():
        # A job of a cluster is a group below the root; a line reads `0::/path`.
        for line in own.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                files.append(f"{path.strip('/')}/memory.max")
    return files


def _limit(file: Path, otherwise: int) -> int:
    """Return the limit in a file; what it is otherwise where the file states none."""
    try:
        text = file.read_text().strip()
    except OSError:
        return otherwise
    return int(text) if text.isdigit() else otherwise
