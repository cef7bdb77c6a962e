"""The end of a page of results: the command that made it, and the commit."""

from __future__ import annotations


def made_by(command: str, *, commit: str) -> list[str]:
    """Return the lines that say how a page was made.

    >>> made_by("python a.py", commit="0123")[-2]
    'Commit `0123`.'
    """
    return ["```sh", command, "```", "", f"Commit `{commit}`.", ""]
