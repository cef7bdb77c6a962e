"""What the user must know where the patients of a laboratory's cells are unknown."""

from __future__ import annotations

from collections.abc import Iterable

from superxception_jax.data.folders.folder_tree import TABLE
from superxception_jax.wording import quantity


def describe_unknown_cases(cells: Iterable[str], cases: Iterable[str]) -> str:
    """Return a sentence for users where no patients are known.

    Args:
        cells: Cell of each image.
        cases: Case of each image.

    Returns:
        One line of text; empty where there are several cases, and one has another name than its
        cell.
    """
    pairs = set(zip(cells, cases, strict=True))
    if len(pairs) > 1 and len({case for _, case in pairs}) == 1:
        return (
            f"own: all {len(pairs):,} cells are of one case, `{next(iter(pairs))[1]}`: if they are "
            f"of several patients, name them in the column `case` of `{TABLE}`, or make one "
            "folder per patient."
        )
    if any(cell != case for cell, case in pairs):
        return ""
    return (
        f"own: {quantity(len(pairs), 'cell')} without a patient (column `case` of `{TABLE}`): "
        "every cell counts as a case of its own, and the split `cases` equals `cells`."
    )
