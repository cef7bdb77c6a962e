"""The conclusions about a case as the page expects them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from superxception_jax.chromosomes import natural_key

CASE_KEYS = (
    "case",
    "formula",
    "note",
    "withheld",
    "order",
    "posterior",
    "alternatives",
    "cells",
    "lines",
    "class_counts",
    "clones",
    "single_changes",
    "sex",
    "more_cells",
    "review_first",
    "candidates",
    "evidence",
    "settings",
    "copies",
)


def check_cases(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the cases of a report in the order of their names.

    Args:
        cases: Conclusions about each case as JSON values.

    Raises:
        ValueError: Two cases have the same name, a case lacks one of `CASE_KEYS`, or a value is
            not a JSON value.
    """
    for one in cases:
        missing = [key for key in CASE_KEYS if key not in one]
        if missing:
            raise ValueError(
                f"`cases` must have all of {', '.join(CASE_KEYS)}, got {one.get('case')!r} without "
                f"{', '.join(missing)}; pass the conclusions about the case unchanged."
            )
    names = [one["case"] for one in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"`cases` must have unique names, got {twice} more than once; pass each case once."
        )
    try:
        json.dumps(list(map(dict, cases)), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`cases` must be JSON values with finite numbers, got {error}; convert other values."
        ) from error
    return sorted(map(dict, cases), key=lambda one: natural_key(one["case"]))
