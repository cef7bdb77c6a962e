"""Counts of a data set as text, to be compared with what its owner expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from superxception_jax.chromosomes import CLASS_NAMES, natural_key
from superxception_jax.data.record import ChromosomeRecord

COLUMNS = 12  # Classes in one row: two rows of 12 fit a terminal.
MOST_CELLS = 6  # Names of cells shown for one count.


def describe_counts(records: Sequence[ChromosomeRecord]) -> str:
    """Count chromosomes by class and cell.

    Args:
        records: all chromosomes of a data set, sorted by cell.

    Returns:
        Lines of text: totals, images per class, chromosomes per cell.

    **Source:** ours, because a wrong count is the first sign of misread file names.
    """
    per_class = Counter(record.label for record in records)
    per_cell = Counter(record.cell for record in records)
    cases = len({record.case for record in records})
    lines = [f"{len(records):,} chromosomes, {len(per_cell):,} cells, {cases:,} cases"]
    width = max(5, *(len(f"{count:,}") + 1 for count in per_class.values()))
    for start in range(0, len(CLASS_NAMES), COLUMNS):
        names = CLASS_NAMES[start : start + COLUMNS]
        counts = (per_class[start + place] for place in range(len(names)))
        lines.append("class  " + "".join(f"{name:>{width}}" for name in names))
        lines.append("images " + "".join(f"{count:>{width},}" for count in counts))
    cells_by_count: dict[int, list[str]] = {}
    for cell in sorted(per_cell, key=natural_key):
        cells_by_count.setdefault(per_cell[cell], []).append(cell)
    for count, cells in sorted(cells_by_count.items(), key=lambda item: -len(item[1])):
        shown = ", ".join(cells[:MOST_CELLS]) + (", ..." if len(cells) > MOST_CELLS else "")
        noun = "cell" if len(cells) == 1 else "cells"
        lines.append(f"{count} chromosomes in {len(cells):,} {noun}: {shown}")
    return "\n".join(lines)
