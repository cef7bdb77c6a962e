"""The check of shapes and dtypes that every public array function uses, and groups of rows.

A specification is written as in the docstrings: ``"f32[B,H,W,1]"``. Named dimensions that appear
in several arguments of one call must have the same size. ``compute`` is the number format of a
network's activations: arguments with it must have the same dtype.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np

DTYPES = {
    "f32": ("float32",),
    "f64": ("float64",),
    "float": ("bfloat16", "float16", "float32", "float64"),
    "compute": ("float32", "bfloat16"),
    "u8": ("uint8",),
    "i8": ("int8",),
    "i32": ("int32",),
    "i64": ("int64",),
    "int": ("int8", "uint8", "int16", "int32", "int64", "uint32"),
    "bool": ("bool",),
    "any": (),
}
_SPECIFICATION = re.compile(r"^(\w+)\[([\w,]*)\]$")


def check(**arguments: tuple[Any, str]) -> dict[str, int]:
    """Check the dtypes and shapes of arrays and return the named dimensions.

    Args:
        **arguments: Pairs (array, specification) by name. A specification is a dtype of `DTYPES`
            and dimensions in brackets, each a number or a name that stands for the same size
            everywhere in the call.

    Returns:
        The size of every named dimension.

    Raises:
        ValueError: A specification has the wrong form, or a shape differs from it.
        TypeError: An argument isn't an array, or its dtype differs from the specification or from
            that of another `compute` argument.

    >>> check(images=(np.zeros((2, 5, 5, 1), np.uint8), "u8[B,H,W,1]"))
    {'B': 2, 'H': 5, 'W': 5}
    """
    sizes: dict[str, int] = {}
    compute: dict[str, str] = {}
    for name, (array, specification) in arguments.items():
        kind, dimensions = _parse(specification)
        if not hasattr(array, "shape") or not hasattr(array, "dtype"):
            raise TypeError(
                f"`{name}` must be an array {specification}, got {type(array).__name__}; "
                "convert it first."
            )
        allowed = DTYPES[kind]
        if allowed and _dtype_name(array.dtype) not in allowed:
            raise TypeError(
                f"`{name}` must be {specification}, got dtype {array.dtype}; convert it first."
            )
        if kind == "compute":
            first, dtype = next(iter(compute.items()), (name, str(array.dtype)))
            if str(array.dtype) != dtype:
                raise TypeError(
                    f"`{name}` must have the dtype {dtype} of `{first}`, got {array.dtype}; "
                    "convert one of them."
                )
            compute[name] = dtype
        fits = len(dimensions) == len(array.shape) and all(
            size == (dimension if isinstance(dimension, int) else sizes.setdefault(dimension, size))
            for dimension, size in zip(dimensions, array.shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"`{name}` must be {specification}, got shape {tuple(array.shape)}; reshape it."
            )
    return sizes


def group_members(groups: np.ndarray) -> list[np.ndarray]:
    """Return the indices of the members of each group, i64[M], ascending.

    Args:
        groups: any[N], name of the group of each member.

    Returns:
        The groups in the order in which they first come.

    >>> [members.tolist() for members in group_members(np.array(["b", "a", "b"]))]
    [[0, 2], [1]]
    """
    # Sorted once, because a search for each group would take the square of their number.
    _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    return [members[group] for group in np.argsort(first)]


@functools.cache
def _dtype_name(dtype: Any) -> str:
    """Return the name of a dtype, which takes longer than the rest of a check."""
    return str(dtype)


@functools.cache
def _parse(specification: str) -> tuple[str, tuple[int | str, ...]]:
    """Return the dtype and the dimensions of a specification, each a size or a name."""
    match = _SPECIFICATION.match(specification)
    if match is None or match[1] not in DTYPES:
        raise ValueError(f"`{specification}` must look like `f32[B,H,W,1]`; correct it.")
    names = match[2].split(",") if match[2] else []
    return match[1], tuple(int(name) if name.isdigit() else name for name in names)
