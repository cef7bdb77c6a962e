"""ResNet-50, written by hand (He, Zhang, Ren and Sun 2015).

Architecture and constants follow `keras.applications.ResNet50`; a test copies weights
between both and compares the outputs. Keras' convolutions carry biases that the BatchNorm
behind them takes away again; ours have none, as in the publication.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen as nn

from superxception_jax.models.layers import (
    BatchNorm,
    Convolution,
    check_size,
    global_average_pool,
    residual_convolution,
    scaled_width,
)
from superxception_jax.models.ops import dispatch as ops

# Channels of the inner convolutions and number of blocks, stage by stage.
STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
EXPANSION = 4
EPSILON = 1.001e-5  # of Keras' ResNet
MINIMUM_PX = 8


class ResNetFeatures(nn.Module):
    """Compute the pooled features of ResNet-50.

    Attributes:
        width_multiplier: factor of all channel numbers, see `scaled_width`.
        momentum: of BatchNorm.
        implementation: "plain" or "fast".

    Source: He et al. 2015, table 1.
    """

    width_multiplier: float
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map f32[B,H,W,C] in [-1,1] to f32[B,2048·width]."""
        stem = scaled_width(64, width_multiplier=self.width_multiplier)
        # The zeros go to all four sides, also where SAME would put them to two.
        x = _convolve(self, stem, 7, 2, "VALID", "conv1")(_pad(x, 3))
        x = _normalize(self, "relu", "bn1")(x, train=train)
        # After a ReLU nothing is below the zeros of the padding.
        x = ops.max_pool(_pad(x, 1), padding="VALID", implementation=self.implementation)
        for stage, (channels, blocks) in enumerate(STAGES, 2):
            width = scaled_width(channels, width_multiplier=self.width_multiplier)
            for block in range(1, blocks + 1):
                x = Bottleneck(
                    width,
                    stride=2 if block == 1 and stage > 2 else 1,
                    shortcut="projection" if block == 1 else "identity",
                    momentum=self.momentum,
                    implementation=self.implementation,
                    name=f"conv{stage}_block{block}",
                )(x, train=train)
        return global_average_pool(x)


class Bottleneck(nn.Module):
    """Apply 1×1, 3×3 and 1×1 convolutions with BatchNorm and add the input.

    Attributes:
        width: channels of the first two convolutions.
        stride: of the first convolution and the shortcut, in px.
        shortcut: "projection" or "identity".
        momentum: of BatchNorm.
        implementation: "plain" or "fast".

    Source: He et al. 2015, figure 5 (right), with the stride at the first 1×1 convolution.
    """

    width: int
    stride: int
    shortcut: str
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map f32[B,H,W,C] to f32[B,ceil(H/stride),ceil(W/stride),4·width]."""
        shortcut = x
        if self.shortcut == "projection":
            shortcut = _convolve(self, EXPANSION * self.width, 1, self.stride, "SAME", "conv0")(x)
            shortcut = _normalize(self, "none", "bn0")(shortcut, train=train)
        x = _convolve(self, self.width, 1, self.stride, "SAME", "conv1")(x)
        x = _normalize(self, "relu", "bn1")(x, train=train)
        x = _convolve(self, self.width, 3, 1, "SAME", "conv2")(x)
        x = _normalize(self, "relu", "bn2")(x, train=train)
        x = _convolve(self, EXPANSION * self.width, 1, 1, "SAME", "conv3")(x)
        x = _normalize(self, "none", "bn3")(x, train=train)
        return nn.relu(x + shortcut)


class ResNet50(nn.Module):
    """Classify images with ResNet-50.

    Attributes:
        classes: number of classes.
        width_multiplier: factor of all channel numbers, see `scaled_width`.
        momentum: of BatchNorm.
        dropout_rate: share of the features dropped before the head, in [0, 1).
        implementation: "plain" or "fast".

    Source: He et al. 2015.
    """

    classes: int
    width_multiplier: float
    momentum: float
    dropout_rate: float
    implementation: str

    def setup(self) -> None:
        """Name the parts."""
        self.backbone = ResNetFeatures(self.width_multiplier, self.momentum, self.implementation)
        self.dropout = nn.Dropout(self.dropout_rate)
        self.head = nn.Dense(self.classes, kernel_init=nn.initializers.glorot_uniform())

    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Classify images.

        Args:
            images: f32[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: use batch statistics and dropout (which needs a "dropout" key).

        Returns:
            f32[B,classes] logits.

        Raises:
            ValueError: the shape or an attribute is wrong.
            TypeError: the dtype is not float32.

        Source: He et al. 2015; the dropout is ours, as in Xception.
        """
        features = self.dropout(self.features(images, train=train), deterministic=not train)
        return self.head(features)

    def features(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Compute the pooled features.

        Args:
            images: f32[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: use batch statistics.

        Returns:
            f32[B,2048·width].

        Raises:
            ValueError: the shape or an attribute is wrong.
            TypeError: the dtype is not float32.

        Source: He et al. 2015; grey values are scaled to [-1,1] as for Xception.
        """
        check_size(images, minimum_px=MINIMUM_PX)
        return self.backbone(2.0 * images - 1.0, train=train)


def _pad(x: jax.Array, border: int) -> jax.Array:
    sides = (border, border)
    return jnp.pad(x, ((0, 0), sides, sides, (0, 0)))


def _convolve(
    module: ResNetFeatures | Bottleneck,
    features: int,
    size: int,
    stride: int,
    padding: str,
    name: str,
) -> Convolution:
    return residual_convolution(
        features,
        size=size,
        stride=stride,
        padding=padding,
        implementation=module.implementation,
        name=name,
    )


def _normalize(module: ResNetFeatures | Bottleneck, activation: str, name: str) -> BatchNorm:
    return BatchNorm(module.momentum, activation, module.implementation, EPSILON, name=name)
