"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_grid(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown, without a line break at its end.

    Args:
        heads: Column heads.
        lines: Rows of the table, with as many cells as there are heads.

    Raises:
        ValueError: A row has another number of cells.

    >>> print(markdown_grid(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    rows = [heads, ["---"] * len(heads), *lines]
    for row in rows:
        if len(row) != len(heads):
            raise ValueError(f"a row must have {len(heads)} cells, got {len(row)}: {row}.")
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
