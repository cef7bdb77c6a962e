"""Counts of a data set as text, for comparison with what its owner expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from superxception_jax.chromosomes import CLASS_NAMES, natural_key
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.wording import quantity

COLUMNS = 12  # Classes in one row: two rows of 12 fit a terminal.
MOST_CELLS = 6  # Names of cells shown for one count.


def describe_counts(records: Sequence[ChromosomeRecord]) -> str:
    """Return the numbers of chromosomes by class and by cell.

    Args:
        records: All chromosomes of a data set, sorted by cell.

    Returns:
        Lines of text: totals, images per class, chromosomes per cell.
    """
    per_class = Counter(record.label for record in records)
    per_cell = Counter(record.cell for record in records)
    cases = len({record.case for record in records})
    totals = ((len(records), "chromosome"), (len(per_cell), "cell"), (cases, "case"))
    lines = [", ".join(quantity(number, noun) for number, noun in totals)]
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
        lines.append(f"{quantity(count, 'chromosome')} in {quantity(len(cells), 'cell')}: {shown}")
    return "\n".join(lines)
