"""The part of a results table on whole cells, from images with read and assigned classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from superxception_jax.chromosomes import ANEUPLOIDY_KINDS, SEX_CHROMOSOMES, aneuploidy_kind

ASSIGNED = "assigned"


def summarize_cells(
    predictions: Sequence[Mapping[str, Sequence[str]]],
    *,
    interval: Callable[[np.ndarray, np.ndarray], tuple[float, float]],
) -> dict[str, Any]:
    """Summarise the assigned cells of a row.

    Args:
        predictions: of each run: lists `cell`, `class`, `predicted` and, for splits of whole
            cells, `assigned`.
        interval: (values f64[N], cells) → ends of a bootstrap interval of the mean.

    Returns:
        JSON values: `accuracy` after assignment and `gain` over the single images, both with an
        interval, the number of `cells` tested, the shares of those with everything, the sex
        and all counts right, and `aneuploidy`: by kind of the true counts the
        number of `cells`, of those `flagged` because the assigned counts are unusual, and of
        those whose counts are `named` right. Empty if a run has no assignment.

    Source: ours.
    """
    if not all(ASSIGNED in one for one in predictions):
        return {}
    before, after, names = [], [], []
    shares = []
    pairs_of_cells: list[list[tuple[str, str]]] = []
    for one in predictions:
        members: dict[str, list[tuple[str, str]]] = {}
        for cell, label, read, assigned in zip(
            one["cell"], one["class"], one["predicted"], one[ASSIGNED], strict=True
        ):
            before.append(read == label)
            after.append(assigned == label)
            names.append(cell)
            members.setdefault(cell, []).append((label, assigned))
        shares += [_cell_right(pairs) for pairs in members.values()]
        pairs_of_cells += members.values()
    right, cells = np.array(after, float), np.array(names)
    gains = right - np.array(before, float)
    entirely, sex, counts = np.mean(shares, axis=0)
    return {
        "accuracy": float(right.mean()),
        "accuracy_interval": list(interval(right, cells)),
        "gain": float(gains.mean()),
        "gain_interval": list(interval(gains, cells)),
        "cells": len(shares),
        "entirely_right": float(entirely),
        "sex_right": float(sex),
        "counts_right": float(counts),
        "aneuploidy": _count_aneuploidies(pairs_of_cells),
    }


def _count_aneuploidies(
    pairs_of_cells: Sequence[Sequence[tuple[str, str]]],
) -> dict[str, dict[str, int]]:
    found = {kind: {"cells": 0, "flagged": 0, "named": 0} for kind in ANEUPLOIDY_KINDS}
    for pairs in pairs_of_cells:
        truth, read = ([one[place] for one in pairs] for place in (0, 1))
        counted = found[aneuploidy_kind(truth)]
        counted["cells"] += 1
        counted["flagged"] += aneuploidy_kind(read) != "none"
        counted["named"] += Counter(truth) == Counter(read)
    return found


def _cell_right(pairs: Sequence[tuple[str, str]]) -> tuple[bool, bool, bool]:
    truth, read = (Counter(one[place] for one in pairs) for place in (0, 1))
    return (
        all(label == assigned for label, assigned in pairs),
        all(truth[name] == read[name] for name in SEX_CHROMOSOMES),
        truth == read,
    )
