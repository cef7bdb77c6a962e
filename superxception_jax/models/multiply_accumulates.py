"""Multiply-accumulates of a network: the cost of an image on any machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np


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
    return _count(jax.make_jaxpr(function)(*arguments).jaxpr, _window)


def count_effective_multiply_accumulates(function: Callable[..., Any], *arguments: Any) -> int:
    """Return the number of multiply-accumulates without those on padding and inserted zeros.

    A gradient of a convolution with stride is a convolution of an input with zeros in between; a
    compiler leaves them out, and so does this count. Otherwise as `count_multiply_accumulates`.

    Args:
        function: Function to be traced.
        arguments: Its arguments, arrays or `jax.ShapeDtypeStruct` in any tree.

    Returns:
        The count for one call; the body of a loop counts once for each iteration.

    Raises:
        NotImplementedError: The function contains a loop whose length depends on the data.

    Source: XLA's HloCostAnalysis, which counts a convolution in this way.
    """
    return _count(jax.make_jaxpr(function)(*arguments).jaxpr, _effective_window)


def _count(jaxpr: Any, window: Callable[[Any], int]) -> int:
    """Return the count of a program.

    Args:
        jaxpr: The program.
        window: Function that returns the pairs of output position and tap of a convolution.
    """
    total = 0
    for equation in jaxpr.eqns:
        name, parameters = equation.primitive.name, equation.params
        if name == "dot_general":
            contracted = parameters["dimension_numbers"][0][0]
            left = equation.invars[0].aval.shape
            total += _size(equation) * math.prod(left[axis] for axis in contracted)
        elif name == "conv_general_dilated":
            numbers = parameters["dimension_numbers"]
            batch, features = (
                equation.outvars[0].aval.shape[axis] for axis in numbers.out_spec[:2]
            )
            # The input channels of the kernel are those of one group.
            inputs = equation.invars[1].aval.shape[numbers.rhs_spec[1]]
            total += batch * features * inputs * window(equation)
        elif name == "while" and any(_count(inner, window) for inner in _inside(parameters)):
            raise NotImplementedError("a loop of unknown length can't be counted; unroll it.")
        else:
            times = parameters["length"] if name == "scan" else 1
            total += times * sum(_count(inner, window) for inner in _inside(parameters))
    return total


def _window(equation: Any) -> int:
    """Return the output positions of a convolution times the taps of its kernel."""
    numbers = equation.params["dimension_numbers"]
    output, kernel = equation.outvars[0].aval.shape, equation.invars[1].aval.shape
    return math.prod(output[axis] for axis in numbers.out_spec[2:]) * math.prod(
        kernel[axis] for axis in numbers.rhs_spec[2:]
    )


def _effective_window(equation: Any) -> int:
    """Return the pairs of output position and tap of a convolution that meet a given value."""
    parameters = equation.params
    numbers = parameters["dimension_numbers"]
    total = 1
    for index, (inputs_axis, kernel_axis, output_axis) in enumerate(
        zip(numbers.lhs_spec[2:], numbers.rhs_spec[2:], numbers.out_spec[2:], strict=True)
    ):
        spread = parameters["lhs_dilation"][index]
        inputs = equation.invars[0].aval.shape[inputs_axis]
        starts = np.arange(equation.outvars[0].aval.shape[output_axis])
        taps = np.arange(equation.invars[1].aval.shape[kernel_axis])
        places = (
            starts[:, None] * parameters["window_strides"][index]
            + taps * parameters["rhs_dilation"][index]
            - parameters["padding"][index][0]
        )
        given = (places >= 0) & (places <= (inputs - 1) * spread) & (places % spread == 0)
        total *= int(given.sum())
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
