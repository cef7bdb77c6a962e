"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_grid(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Write a table as Markdown.

    Args:
        heads: of the columns.
        lines: of as many cells each.

    Returns:
        The table, without a line break at its end.

    Source: ours.
    """
    return "\n".join(
        "| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *lines]
    )
