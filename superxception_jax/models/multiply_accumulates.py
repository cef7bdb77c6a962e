"""Multiply-accumulates of a network: the cost of an image on any machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax


def count_multiply_accumulates(function: Callable[..., Any], *arguments: Any) -> int:
    """Return the number of multiply-accumulates in a function's convolutions and matrix products.

    Nothing is computed or compiled. Element-wise operations, such as activations, are not counted.
    The fast forms of the operations have products of their own; the plain forms give the number
    that publications state.

    Args:
        function: Function to be traced.
        arguments: Its arguments, arrays or `jax.ShapeDtypeStruct` in any tree.

    Returns:
        The count for one call; the body of a loop counts once for each iteration.

    Raises:
        NotImplementedError: The function contains a loop whose length depends on the data.

    Source: He et al. 2015, who call it FLOPs (multiply-adds).

    >>> import jax.numpy as jnp
    >>> count_multiply_accumulates(lambda x: x @ x, jnp.zeros((3, 3)))
    27
    """
    return _count(jax.make_jaxpr(function)(*arguments).jaxpr)


def _count(jaxpr: Any) -> int:
    total = 0
    for equation in jaxpr.eqns:
        name, parameters = equation.primitive.name, equation.params
        if name == "dot_general":
            contracted = parameters["dimension_numbers"][0][0]
            left = equation.invars[0].aval.shape
            total += _size(equation) * math.prod(left[axis] for axis in contracted)
        elif name == "conv_general_dilated":
            kernel = equation.invars[1].aval.shape
            outputs_axis = parameters["dimension_numbers"].rhs_spec[0]
            # The input channels of the kernel are those of one group.
            total += _size(equation) * math.prod(kernel) // kernel[outputs_axis]
        elif name == "while" and any(map(_count, _inside(parameters))):
            raise NotImplementedError("a loop of unknown length can't be counted; unroll it.")
        else:
            times = parameters["length"] if name == "scan" else 1
            total += times * sum(map(_count, _inside(parameters)))
    return total


def _size(equation: Any) -> int:
    return math.prod(equation.outvars[0].aval.shape)


def _inside(parameters: dict[str, Any]) -> Iterator[Any]:
    """Yield the programs within an operation, such as the body of a loop."""
    for value in parameters.values():
        # A closed program wraps the open one that lists the operations.
        inner = getattr(value, "jaxpr", value)
        if hasattr(inner, "eqns"):
            yield inner
