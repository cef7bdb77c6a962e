"""Wrong values of any kind, and JSON objects in which some have taken the place of right ones."""

from __future__ import annotations

import copy
import math
from typing import Any

from hypothesis import strategies as st

JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from((0, -1, 1, 2**31, 2**32, 2**63, 2**64, 10**400)),
    st.floats(),
    st.sampled_from((math.nan, math.inf, -math.inf, 1e308, 5e-324, -0.0)),
    st.text(max_size=8),
    st.sampled_from(("", "0", "nan", "..", "/", "~nobody", "\0", "\ud800", "a\nb", "\x1b[2J")),
    st.lists(st.integers(-3, 300) | st.floats() | st.text(max_size=3), max_size=4),
    st.dictionaries(st.text(max_size=4), st.none() | st.integers(), max_size=2),
    st.just([[[]]]),
)
_EDIT = st.tuples(st.lists(st.integers(0, 60), max_size=5), st.sampled_from(("set", "drop", "add")))
EDITS = st.lists(st.tuples(_EDIT, JUNK), min_size=1, max_size=3)


def edited(values: Any, edits: list[tuple[tuple[list[int], str], Any]]) -> Any:
    """Return JSON values in which some are replaced, dropped or added."""
    values = copy.deepcopy(values)
    for (path, action), junk in edits:
        place, key = _find(values, path)
        if place is None:
            continue
        if action == "drop":
            del place[key]
        elif action == "add" and isinstance(place, dict):
            place[str(junk)] = copy.deepcopy(junk)
        else:
            place[key] = copy.deepcopy(junk)
    return values


def _find(values: Any, path: list[int]) -> tuple[Any, Any]:
    """Return the object or list that a path of numbers leads to, and a key in it."""
    place: Any = None
    key: Any = None
    for number in [*path, 0]:
        inner = values if place is None else place[key]
        if not isinstance(inner, dict | list) or not inner:
            break
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        place, key = inner, keys[number % len(keys)]
    return place, key
