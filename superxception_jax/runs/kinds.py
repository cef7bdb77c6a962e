"""Whether the values of a record that was read from a file are of the kinds that it states."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any


def check_kinds(record: Any) -> None:
    """Raise if a value of a record is of another kind than its annotation says.

    Args:
        record: Instance of a dataclass; values that are such instances are checked too.

    Raises:
        TypeError: A value is of another kind; the field is named.
    """
    for name, kind in typing.get_type_hints(type(record)).items():
        value = getattr(record, name)
        if not _is_kind(value, kind):
            raise TypeError(f"`{name}` is {value!r}")


def _is_kind(value: Any, kind: Any) -> bool:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(_is_kind(value, one) for one in inner)
    if kind in (int, float):
        # JSON doesn't tell 1.0 from 1; True and False are numbers to Python.
        allowed = int if kind is int else (int, float)
        return isinstance(value, allowed) and not isinstance(value, bool)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = [inner[0]] * len(value) if inner[1:] == (...,) else inner
        return len(value) == len(kinds) and all(map(_is_kind, value, kinds))
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            _is_kind(key, inner[0]) and _is_kind(one, inner[1]) for key, one in value.items()
        )
    if dataclasses.is_dataclass(value):
        check_kinds(value)
    return isinstance(value, kind)
