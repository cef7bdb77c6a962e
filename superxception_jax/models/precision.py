"""The number format of activations and products: the one place that casts.

Layers and operations keep the format of what they are given. In bfloat16 the parameters remain
float32 outside the network, so that small updates add up, and their gradients are float32 too.

Products of float32 numbers are float32 on a CPU. Elsewhere JAX's default is faster and coarser, a
single pass in bfloat16 on a TPU and TF32 on an NVIDIA card: trainings take it, predictions don't,
see `exact_products`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

PRECISIONS = ("float32", "bfloat16")
# Name of every network's last layer.
HEAD = "head"


def exact_products(precision: str) -> contextlib.AbstractContextManager[None]:
    """Return a context in which a prediction is traced: its products have the format it claims.

    Args:
        precision: "float32", for which products are float32 on every device, or "bfloat16", which
            leaves the default.
    """
    if precision == "float32":
        return jax.default_matmul_precision("highest")
    return contextlib.nullcontext()


def apply_network(
    model: nn.Module, variables: Any, inputs: jax.Array, *, precision: str, **options: Any
) -> Any:
    """Return what a network computes in a number format.

    Args:
        model: Network of f32[B,H,W,C].
        variables: `params` and `batch_stats`, f32.
        inputs: f32[B,H,W,C].
        precision: "float32" or "bfloat16". The latter rounds the inputs, the kernels and biases,
            and every activation; compilers for GPUs and TPUs may leave out the rounding of what
            they convert back to float32 at once. BatchNorm computes and keeps its statistics in
            float32, and the last layer, `head`, works in float32 on the rounded features, see
            `layers.last_layer`.
        **options: Further arguments of `model.apply`, such as `train` and `mutable`.

    Returns:
        What `model.apply` returns, in float32.

    Raises:
        ValueError: The format is unknown, or the last layer is not known to be the last, or gets
            features in float32.
    """
    if precision == "float32":
        return model.apply(variables, inputs, **options)
    if precision != "bfloat16":
        raise ValueError(f"`precision` must be one of {PRECISIONS}, got {precision!r}; choose one.")
    if "method" not in options and not _has_head(variables["params"]):
        raise ValueError(
            f"with `precision` bfloat16 the last layer of a network must be called `{HEAD}`, so "
            f"that it works in float32, got {', '.join(variables['params'])}; rename it."
        )
    rounded = {**variables, "params": _round(variables["params"])}
    with nn.intercept_methods(_check_features):
        outputs = model.apply(rounded, inputs.astype(jnp.bfloat16), **options)
    return jax.tree.map(lambda output: output.astype(jnp.float32), outputs)


def _check_features(
    call: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Any,
    context: nn.module.InterceptorContext,
) -> Any:
    """Call a method of a module, or refuse features that a layer before the head made float32."""
    is_head = context.module.name == HEAD and context.method_name == "__call__"
    if is_head and args[0].dtype != jnp.bfloat16:
        raise ValueError(
            f"with `precision` bfloat16 `{HEAD}` must get features in bfloat16, got "
            f"{args[0].dtype}: a layer keeps its parameters in float32 and returns that; a "
            "normalisation of Flax needs `dtype=x.dtype`, other layers must round what they return."
        )
    return call(*args, **kwargs)


def _has_head(params: Mapping[str, Any]) -> bool:
    inner = [value for value in params.values() if isinstance(value, Mapping)]
    return HEAD in params or any(map(_has_head, inner))


def _round(params: Mapping[str, Any]) -> dict[str, Any]:
    """Round the parameters of a module and its submodules, except for BatchNorm and the head."""
    if "scale" in params:
        return dict(params)  # BatchNorm
    rounded: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            rounded[name] = value if name == HEAD else _round(value)
        else:
            rounded[name] = value.astype(jnp.bfloat16)
    return rounded
