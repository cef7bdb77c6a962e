"""The operations of the networks, each in a plain form and a form that is fast on the CPU.

XLA's CPU backend is slow at depthwise convolutions, column sums and most gradients of convolutions
and pools. The "fast" forms compute the same values and gradients from slices and matrix products.
On GPU and TPU the plain forms are best.

A barrier in a fast form makes a value a buffer. Without it XLA fuses the computation of the value
into each of its consumers, where it is repeated. On the CPU, barriers survive until code generation
only with the compiler options of `training.compile`.

`compute` stands for float32 or bfloat16, the same for all arguments of a call and its result. In
bfloat16 an operation has the numerics of an accelerator: exact products of rounded factors, sums in
float32, and a rounded result. The fast forms therefore convert to float32 and back; gradients are
rounded in the same way.

Functions raise `ValueError` for a wrong shape or choice, and `TypeError` for any other dtype.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from superxception_jax.arrays import check
from superxception_jax.models.ops.bias import fast_add_bias
from superxception_jax.models.ops.convolution import fast_convolution, plain_convolution
from superxception_jax.models.ops.depthwise import fast_depthwise_convolution
from superxception_jax.models.ops.normalization import Statistics, fast_normalize_batch
from superxception_jax.models.ops.pointwise import fast_pointwise_convolution
from superxception_jax.models.ops.pool import fast_max_pool

IMPLEMENTATIONS = ("plain", "fast")
ACTIVATIONS = ("none", "relu")


def resolve_implementation(implementation: str, *, platform: str) -> str:
    """Return the form of the operations for the platform of the compiled step.

    Args:
        implementation: Choice of a config, "auto", "plain" or "fast".
        platform: Target platform, such as "cpu", "cuda" or "tpu".

    Returns:
        "plain" or "fast"; for "auto", fast on the CPU and plain elsewhere, as measured.

    >>> resolve_implementation("auto", platform="cpu")
    'fast'
    """
    if implementation == "auto":
        return "fast" if platform == "cpu" else "plain"
    return _choice(implementation, "implementation", ("auto", *IMPLEMENTATIONS))


def convolution(
    x: jax.Array, kernel: jax.Array, *, stride: int, padding: str, implementation: str
) -> jax.Array:
    """Convolve images with a dense k×k kernel.

    Args:
        x: compute[B,H,W,C].
        kernel: compute[k,k,C,D].
        stride: Step of the window in both directions in px.
        padding: "SAME" or "VALID".
        implementation: Form of the operation, "plain" or "fast".

    Returns:
        compute[B,H',W',D]; with SAME, H' = ceil(H / stride).
    """
    check(x=(x, "compute[B,H,W,C]"), kernel=(kernel, "compute[K,K,C,D]"))
    _choice(padding, "padding", ("SAME", "VALID"))
    if _choice(implementation, "implementation", IMPLEMENTATIONS) == "fast":
        y = fast_convolution(_to_float32(x), _to_float32(kernel), stride, padding)
        return y.astype(x.dtype)
    return plain_convolution(x, kernel, stride, padding)


def activate(x: jax.Array, *, activation: str) -> jax.Array:
    """Return a function of the input.

    Args:
        x: Any array.
        activation: The function, "none" or "relu".
    """
    chosen = _choice(activation, "activation", ACTIVATIONS)
    return jax.nn.relu(x) if chosen == "relu" else x


def add_bias(x: jax.Array, bias: jax.Array, *, activation: str, implementation: str) -> jax.Array:
    """Return the input plus a bias for every channel.

    Args:
        x: compute[B,H,W,C].
        bias: compute[C].
        activation: Function applied to the result, "none" or "relu".
        implementation: Form of the operation, "plain" or "fast".

    Returns:
        compute[B,H,W,C].
    """
    check(x=(x, "compute[B,H,W,C]"), bias=(bias, "compute[C]"))
    _choice(activation, "activation", ACTIVATIONS)
    # In float32, so that the gradient of the bias is a sum in float32.
    wide, offset = _to_float32(x), _to_float32(bias)
    if _choice(implementation, "implementation", IMPLEMENTATIONS) == "fast":
        return fast_add_bias(wide, offset, activation).astype(x.dtype)
    y = wide + offset.reshape(1, 1, 1, -1)
    return activate(y, activation=activation).astype(x.dtype)


def depthwise_convolution(x: jax.Array, kernel: jax.Array, *, implementation: str) -> jax.Array:
    """Convolve every channel with its own k×k kernel and SAME padding.

    Args:
        x: compute[B,H,W,C].
        kernel: compute[k,k,C].
        implementation: Form of the operation, "plain" or "fast".

    Returns:
        compute[B,H,W,C].
    """
    check(x=(x, "compute[B,H,W,C]"), kernel=(kernel, "compute[K,K,C]"))
    if _choice(implementation, "implementation", IMPLEMENTATIONS) == "fast":
        y = fast_depthwise_convolution(_to_float32(x), _to_float32(kernel))
        return y.astype(x.dtype)
    return jax.lax.conv_general_dilated(
        x,
        kernel[:, :, None, :],
        (1, 1),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=x.shape[-1],
    )


def pointwise_convolution(
    x: jax.Array, kernel: jax.Array, *, stride: int, implementation: str
) -> jax.Array:
    """Mix the channels of every pixel: a 1×1 convolution.

    Args:
        x: compute[B,H,W,C].
        kernel: compute[C,D].
        stride: Step of the window in both directions in px.
        implementation: Form of the operation, "plain" or "fast".

    Returns:
        compute[B,ceil(H/stride),ceil(W/stride),D].
    """
    check(x=(x, "compute[B,H,W,C]"), kernel=(kernel, "compute[C,D]"))
    if _choice(implementation, "implementation", IMPLEMENTATIONS) == "fast":
        seen = x[:, ::stride, ::stride] if stride > 1 else x
        y = fast_pointwise_convolution(_to_float32(seen), _to_float32(kernel))
        return y.astype(x.dtype)
    return plain_convolution(x, kernel[None, None], stride, "SAME")


def max_pool(x: jax.Array, *, padding: str, implementation: str) -> jax.Array:
    """Return the maxima of 3×3 windows with stride 2.

    Args:
        x: compute[B,H,W,C].
        padding: "SAME" or "VALID".
        implementation: Form of the operation, "plain" or "fast".

    Returns:
        compute[B,H',W',C]; with SAME, H' = ceil(H / 2).
    """
    check(x=(x, "compute[B,H,W,C]"))
    _choice(padding, "padding", ("SAME", "VALID"))
    if _choice(implementation, "implementation", IMPLEMENTATIONS) == "fast":
        return fast_max_pool(_to_float32(x), padding).astype(x.dtype)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), padding)


def normalize_batch(
    x: jax.Array,
    scale: jax.Array,
    bias: jax.Array,
    *,
    epsilon: float,
    activation: str,
    implementation: str,
) -> tuple[jax.Array, Statistics]:
    """Normalise every channel by its mean and variance over the batch, computed in float32.

    Args:
        x: compute[B,H,W,C].
        scale: f32[C].
        bias: f32[C].
        epsilon: Constant added to the variance.
        activation: Function applied to the result, "none" or "relu".
        implementation: Form of the operation, "plain" or "fast".

    Returns:
        compute[B,H,W,C], and the statistics (mean f32[C], biased variance f32[C]), through
        which no gradient flows.

    Source: Ioffe and Szegedy 2015, section 3.
    """
    check(x=(x, "compute[B,H,W,C]"), scale=(scale, "f32[C]"), bias=(bias, "f32[C]"))
    _choice(activation, "activation", ACTIVATIONS)
    if _choice(implementation, "implementation", IMPLEMENTATIONS) == "fast":
        y, statistics = fast_normalize_batch(_to_float32(x), scale, bias, epsilon, activation)
        return y.astype(x.dtype), statistics
    wide = _to_float32(x)
    mean = jnp.mean(wide, (0, 1, 2))
    variance = jnp.maximum(jnp.mean(jnp.square(wide), (0, 1, 2)) - jnp.square(mean), 0.0)
    y = normalize_with(x, scale, bias, (mean, variance), epsilon=epsilon, activation=activation)
    return y, jax.lax.stop_gradient((mean, variance))


def normalize_with(
    x: jax.Array,
    scale: jax.Array,
    bias: jax.Array,
    statistics: Statistics,
    *,
    epsilon: float,
    activation: str,
) -> jax.Array:
    """Normalise every channel by given statistics in float32, as in inference.

    Args:
        x: compute[B,H,W,C].
        scale: f32[C].
        bias: f32[C].
        statistics: Mean f32[C] and variance f32[C].
        epsilon: Constant added to the variance.
        activation: Function applied to the result, "none" or "relu".

    Returns:
        compute[B,H,W,C].

    Source: Ioffe and Szegedy 2015, section 3.1.
    """
    mean, variance = statistics
    check(x=(x, "compute[B,H,W,C]"), scale=(scale, "f32[C]"), bias=(bias, "f32[C]"))
    check(mean=(mean, "f32[C]"), variance=(variance, "f32[C]"))
    _choice(activation, "activation", ACTIVATIONS)
    slope = scale * jax.lax.rsqrt(variance + epsilon)
    wide = _to_float32(x)
    y = wide * slope.reshape(1, 1, 1, -1) + (bias - mean * slope).reshape(1, 1, 1, -1)
    return activate(y, activation=activation).astype(x.dtype)


def _to_float32(x: jax.Array) -> jax.Array:
    return x.astype(jnp.float32)


def _choice(value: str, name: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {allowed}, got {value!r}; choose one of them.")
    return value
