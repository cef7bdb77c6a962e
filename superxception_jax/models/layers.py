"""Linen layers on the operations of `ops`; all networks are made of them.

Every layer names its `implementation` ("plain" or "fast"), which the caller resolves
once for the platform of the compiled step with `ops.resolve_implementation`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen as nn

from superxception_jax.arrays import check
from superxception_jax.models.ops import dispatch as ops

# Keras' Xception and all its BatchNorm layers use 1e-3.
EPSILON = 1e-3
GLOROT = nn.initializers.glorot_uniform()


def scaled_width(channels: int, *, width_multiplier: float) -> int:
    """Scale a number of channels.

    Args:
        channels: the paper's number.
        width_multiplier: factor, > 0; 1 gives the paper's network.

    Returns:
        The nearest multiple of 8, at least 8.

    Raises:
        ValueError: `width_multiplier` is not positive.

    Source: ours, as in MobileNet; multiples of 8 fill vector registers.

    >>> scaled_width(728, width_multiplier=0.25)
    184
    """
    if width_multiplier <= 0:
        raise ValueError(
            f"`width_multiplier` must be positive, got {width_multiplier}; 1 is the paper's width."
        )
    return max(8, int(channels * width_multiplier / 8 + 0.5) * 8)


class Convolution(nn.Module):
    """Convolve with a dense k×k kernel (a matrix product when k is 1).

    Attributes:
        features: output channels.
        size: edge of the window, in px.
        stride: step of the window, in px.
        padding: "SAME" or "VALID".
        use_bias: whether a bias, zero at the start, is added.
        activation: "none" or "relu", applied to the result.
        kernel_init: the initializer of the kernel.
        implementation: "plain" or "fast".

    Source: ours, because Linen's layer offers no own gradients.
    """

    features: int
    size: int
    stride: int
    padding: str
    use_bias: bool
    activation: str
    kernel_init: nn.initializers.Initializer
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Convolve f32[B,H,W,C] to f32[B,H',W',features]."""
        shape = (self.size, self.size, x.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        if self.size == 1:
            y = ops.pointwise_convolution(
                x, kernel[0, 0], stride=self.stride, implementation=self.implementation
            )
        else:
            y = ops.convolution(
                x,
                kernel,
                stride=self.stride,
                padding=self.padding,
                implementation=self.implementation,
            )
        if not self.use_bias:
            return nn.relu(y) if self.activation == "relu" else y
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return ops.add_bias(y, bias, activation=self.activation, implementation=self.implementation)


def residual_convolution(
    features: int, *, size: int, stride: int, padding: str, implementation: str, name: str
) -> Convolution:
    """Make a convolution of a residual network: a BatchNorm follows, so it has no bias.

    Args:
        features: output channels.
        size: edge of the window, in px.
        stride: step of the window, in px.
        padding: "SAME" or "VALID".
        implementation: "plain" or "fast".
        name: of its parameters.

    Returns:
        The layer, with He's initial values.

    Source: He et al. 2015.
    """
    return Convolution(
        features,
        size=size,
        stride=stride,
        padding=padding,
        use_bias=False,
        activation="none",
        kernel_init=nn.initializers.he_normal(),
        implementation=implementation,
        name=name,
    )


class SeparableConvolution(nn.Module):
    """Convolve every channel 3×3, then mix the channels; no bias, nothing in between.

    Attributes:
        features: output channels.
        implementation: "plain" or "fast".

    Source: Chollet 2017, section 3; the initial values are those of Keras, which takes
        Glorot's bound of the depthwise kernel from the shape (3, 3, C, 1).
    """

    features: int
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Convolve f32[B,H,W,C] to f32[B,H,W,features]."""
        channels = x.shape[-1]
        glorot = nn.initializers.glorot_uniform()
        depthwise = self.param(
            "depthwise_kernel", lambda key: glorot(key, (3, 3, channels, 1))[..., 0]
        )
        pointwise = self.param("pointwise_kernel", glorot, (channels, self.features))
        x = ops.depthwise_convolution(x, depthwise, stride=1, implementation=self.implementation)
        return ops.pointwise_convolution(x, pointwise, stride=1, implementation=self.implementation)


class BatchNorm(nn.Module):
    """Normalise every channel; running statistics are kept in "batch_stats".

    Attributes:
        momentum: share of the old running statistics that a step keeps, in [0, 1).
        activation: "none" or "relu", applied to the result.
        implementation: "plain" or "fast".
        epsilon: added to the variance.

    Source: Ioffe and Szegedy 2015; the biased running variance as in Keras.
    """

    momentum: float
    activation: str
    implementation: str
    epsilon: float

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Normalise f32[B,H,W,C] by the batch (train) or the running statistics."""
        shape = (x.shape[-1],)
        scale = self.param("scale", nn.initializers.ones, shape)
        bias = self.param("bias", nn.initializers.zeros, shape)
        mean = self.variable("batch_stats", "mean", jnp.zeros, shape)
        variance = self.variable("batch_stats", "var", jnp.ones, shape)
        if not train:
            return ops.normalize_with(
                x,
                scale,
                bias,
                (mean.value, variance.value),
                epsilon=self.epsilon,
                activation=self.activation,
            )
        y, (batch_mean, batch_variance) = ops.normalize_batch(
            x,
            scale,
            bias,
            epsilon=self.epsilon,
            activation=self.activation,
            implementation=self.implementation,
        )
        if not self.is_initializing():
            keep = self.momentum
            mean.value = keep * mean.value + (1 - keep) * batch_mean
            variance.value = keep * variance.value + (1 - keep) * batch_variance
        return y


def check_size(images: jax.Array, *, minimum_px: int) -> None:
    """Check that images are large enough for a network.

    Args:
        images: f32[B,H,W,C].
        minimum_px: least height and width.

    Raises:
        ValueError: they are smaller, or the shape is wrong.
        TypeError: the dtype is not float32.

    Source: ours, because a window that doesn't fit fails deep inside XLA.
    """
    sizes = check(images=(images, "f32[B,H,W,C]"))
    if min(sizes["H"], sizes["W"]) < minimum_px:
        raise ValueError(
            f"`images` must be at least {minimum_px} px high and wide, got "
            f"{sizes['H']}×{sizes['W']}; enlarge them."
        )


def global_average_pool(x: jax.Array) -> jax.Array:
    """Average over rows and columns.

    Args:
        x: f32[B,H,W,C].

    Returns:
        f32[B,C].

    Raises:
        ValueError: the shape is wrong.
        TypeError: the dtype is not float32.

    Source: Lin et al. 2013, section 3.2.
    """
    check(x=(x, "f32[B,H,W,C]"))
    return jnp.mean(x, (1, 2))
