"""Count the multiplications of a network: what an image costs, whatever the machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax


def count_multiply_accumulates(function: Callable, *arguments: Any) -> int:
    """Count the multiply-accumulates in the convolutions and matrix products of a function.

    Nothing is computed or compiled. Element-wise operations, such as activations, aren't
    counted, as is usual. With the fast forms of the operations the count would be that of their
    own products; the plain forms give the number that papers state.

    Args:
        function: of the arguments.
        arguments: arrays, or shapes as `jax.ShapeDtypeStruct`, in any tree.

    Returns:
        The count for one call; a loop counts as often as it runs.

    Raises:
        NotImplementedError: the function holds a loop whose length depends on the data.

    Source: the definition that He et al. 2015 give as FLOPs (multiply-adds).

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
            # The kernel's own input channels are those of one group already.
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
    """Yield the programs inside an operation, such as the body of a loop."""
    for value in parameters.values():
        # Closed programs hold the open one that lists the operations.
        inner = getattr(value, "jaxpr", value)
        if hasattr(inner, "eqns"):
            yield inner
