"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_grid(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown.

    Args:
        heads: Column heads.
        lines: Rows, each with one cell per column.

    Returns:
        The table, without a line break at its end.
    """
    return "\n".join(
        "| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *lines]
    )
