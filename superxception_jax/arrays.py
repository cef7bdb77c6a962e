"""The check of shapes and dtypes that every public array function uses.

A specification is written as in the docstrings: ``"f32[B,H,W,1]"``. Named dimensions that appear
in several arguments of one call must have the same size. ``compute`` is the number format of a
network's activations: arguments with it must have the same dtype.
"""

from __future__ import annotations

import functools
import re
from typing import Any

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

    >>> import numpy as np
    >>> check(images=(np.zeros((2, 5, 5, 1), np.uint8), "u8[B,H,W,1]"))
    {'B': 2, 'H': 5, 'W': 5}
    """
    sizes: dict[str, int] = {}
    compute: dict[str, str] = {}
    for name, (array, specification) in arguments.items():
        kind, dimensions = _read_specification(specification)
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
        shape = array.shape
        fits = len(dimensions) == len(shape)
        for dimension, size in zip(dimensions, shape, strict=False):
            expected = int(dimension) if dimension.isdigit() else sizes.setdefault(dimension, size)
            fits = fits and expected == size
        if not fits:
            raise ValueError(
                f"`{name}` must be {specification}, got shape {tuple(shape)}; reshape it."
            )
    return sizes


@functools.cache
def _read_specification(specification: str) -> tuple[str, tuple[str, ...]]:
    """Return the dtype and the dimensions of a specification."""
    match = _SPECIFICATION.match(specification)
    if match is None or match[1] not in DTYPES:
        raise ValueError(f"`{specification}` must look like `f32[B,H,W,1]`; correct it.")
    return match[1], tuple(match[2].split(",")) if match[2] else ()


# NumPy spells a dtype out anew each time, which takes longer than all other checks.
@functools.cache
def _dtype_name(dtype: Any) -> str:
    return str(dtype)
