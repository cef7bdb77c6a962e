"""The memory of this machine, or the part of it that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
# Where Linux states the limit of a container or of a job, in versions 2 and 1 of control groups.
_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")


def memory_bytes(
    *, control_groups: Path = _CONTROL_GROUPS, own_groups: Path = Path("/proc/self/cgroup")
) -> int:
    """Return the memory that this process may use, in bytes.

    Args:
        control_groups: Folder in which Linux states the limits of a container; it need not exist.
        own_groups: File in which Linux states the groups of this process; it need not exist.

    Returns:
        The memory of the machine, or the limit of the container or job if that is lower.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    files = [control_groups / name for name in (*_LIMITS, *_own_limits(own_groups))]
    return min(machine, *(_limit(file, machine) for file in files))


def _own_limits(own_groups: Path) -> list[str]:
    """Return the files that limit a job of a cluster: those of its group and of all above it."""
    files: list[str] = []
    if own_groups.is_file():
        for line in own_groups.read_text().splitlines():
            # Of version 2 a line reads `0::/path`; others name controllers.
            _, controllers, path = line.split(":", 2)
            parts = [] if controllers else [part for part in path.split("/") if part]
            files += ["/".join([*parts[:end], _LIMITS[0]]) for end in range(1, len(parts) + 1)]
    return files


def _limit(file: Path, otherwise: int) -> int:
    """Return the limit in a file; what it is otherwise where the file states none."""
    try:
        text = file.read_text().strip()
    except OSError:
        return otherwise
    return int(text) if text.isdigit() else otherwise
