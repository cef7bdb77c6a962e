"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_grid(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown, without a line break at its end.

    Args:
        heads: Column heads.
        lines: Rows of the table, with as many cells as there are heads.

    >>> print(markdown_grid(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    return "\n".join(
        "| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *lines]
    )
