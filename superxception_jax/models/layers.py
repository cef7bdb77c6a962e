"""Linen layers over the operations of `ops`; all networks consist of them.

Every layer has an attribute `implementation`, "plain" or "fast". The caller chooses it once for
the platform of the compiled step with `ops.dispatch.resolve_implementation`.

`compute` stands for float32 or bfloat16: layers keep the number format of their input, and their
kernels and biases must have it too; see `precision`.

Classes and functions raise `ValueError` for a wrong shape or attribute, and `TypeError` for a
dtype other than float32 and bfloat16.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen as nn

from superxception_jax.arrays import check
from superxception_jax.models.ops import dispatch as ops

# As in Keras' BatchNorm, in Xception too.
EPSILON = 1e-3
GLOROT = nn.initializers.glorot_uniform()


def scaled_width(channels: int, *, width_multiplier: float) -> int:
    """Return a scaled number of channels.

    Multiples of 8 fill the vector registers.

    Args:
        channels: Number of channels in the publication.
        width_multiplier: Factor, above 0; 1 gives the network of the publication.

    Returns:
        The nearest multiple of 8, at least 8.

    Raises:
        ValueError: `width_multiplier` is not positive.

    >>> scaled_width(728, width_multiplier=0.25)
    184
    """
    if width_multiplier <= 0:
        raise ValueError(
            f"`width_multiplier` must be positive, got {width_multiplier}; 1 is the paper's width."
        )
    return max(8, int(channels * width_multiplier / 8 + 0.5) * 8)


class Convolution(nn.Module):
    """Convolve with a dense k×k kernel (a matrix product if k is 1).

    Unlike Linen's layer, it uses the gradients of `ops`.

    Attributes:
        features: Output channels.
        size: Side of the window in px.
        stride: Step of the window in px.
        padding: "SAME" or "VALID".
        use_bias: Whether to add a bias, which starts at zero.
        activation: Function applied to the result, "none" or "relu".
        kernel_init: Initialiser of the kernel.
        implementation: Form of the operations, "plain" or "fast".
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
        """Convolve compute[B,H,W,C] to compute[B,H',W',features]."""
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
            return ops.activate(y, activation=self.activation)
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return ops.add_bias(y, bias, activation=self.activation, implementation=self.implementation)


def residual_convolution(
    features: int, *, size: int, stride: int, padding: str, implementation: str, name: str
) -> Convolution:
    """Return a convolution of a residual network, without bias because BatchNorm follows.

    Args:
        features: Output channels.
        size: Side of the window in px.
        stride: Step of the window in px.
        padding: "SAME" or "VALID".
        implementation: Form of the operations, "plain" or "fast".
        name: Name of its parameters.

    Returns:
        The layer, initialised as by He et al.

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
    """Convolve every channel 3×3, then mix the channels, without bias or activation.

    Attributes:
        features: Output channels.
        implementation: Form of the operations, "plain" or "fast".

    Source: Chollet 2017, section 3; the initial values are those of Keras, which takes
        Glorot's bound of the depthwise kernel from the shape (3, 3, C, 1).
    """

    features: int
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Convolve compute[B,H,W,C] to compute[B,H,W,features]."""
        channels = x.shape[-1]
        glorot = nn.initializers.glorot_uniform()
        depthwise = self.param(
            "depthwise_kernel", lambda key: glorot(key, (3, 3, channels, 1))[..., 0]
        )
        pointwise = self.param("pointwise_kernel", glorot, (channels, self.features))
        x = ops.depthwise_convolution(x, depthwise, implementation=self.implementation)
        return ops.pointwise_convolution(x, pointwise, stride=1, implementation=self.implementation)


class BatchNorm(nn.Module):
    """Normalise every channel; running statistics are kept in "batch_stats".

    Attributes:
        momentum: Share of the running statistics that a training step keeps, in [0, 1).
        activation: Function applied to the result, "none" or "relu".
        implementation: Form of the operations, "plain" or "fast".
        epsilon: Constant added to the variance.

    Source: Ioffe and Szegedy 2015; the running variance is the biased one, as in Keras.
    """

    momentum: float
    activation: str
    implementation: str
    epsilon: float

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Normalise compute[B,H,W,C] by the batch (train) or the running statistics, in f32."""
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


def last_layer(classes: int) -> nn.Dense:
    """Return the layer from the features to the logits, to be called `head`.

    It multiplies in float32 on every device, also where the default is TF32 or bfloat16, because
    rounded logits would tie; see `precision`.

    Args:
        classes: Number of classes.
    """
    return nn.Dense(classes, kernel_init=GLOROT, precision="highest")


def check_size(images: jax.Array, *, minimum_px: int) -> None:
    """Check that images are large enough for a network.

    A window that doesn't fit would fail deep inside XLA.

    Args:
        images: compute[B,H,W,C].
        minimum_px: Minimum height and width in px.

    Raises:
        ValueError: The images are smaller.
    """
    sizes = check(images=(images, "compute[B,H,W,C]"))
    if min(sizes["H"], sizes["W"]) < minimum_px:
        raise ValueError(
            f"`images` must be at least {minimum_px} px high and wide, got "
            f"{sizes['H']}×{sizes['W']}; enlarge them."
        )


def global_average_pool(x: jax.Array) -> jax.Array:
    """Return the averages over rows and columns.

    Args:
        x: compute[B,H,W,C].

    Returns:
        compute[B,C].

    Source: Lin et al. 2013, section 3.2.
    """
    check(x=(x, "compute[B,H,W,C]"))
    return jnp.mean(x, (1, 2))
