"""ResNet-50 (He, Zhang, Ren and Sun 2015).

Architecture and constants follow `keras.applications.ResNet50`; a test copies weights from one to
the other and compares the outputs. The convolutions have no biases, as in the publication; those
of Keras' convolutions cancel in the BatchNorm that follows.

Classes and functions raise `ValueError` for a wrong shape or attribute, and `TypeError` for a
dtype other than float32 and bfloat16.
"""

from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp
from flax import linen as nn

from superxception_jax.models.layers import (
    BatchNorm,
    Convolution,
    check_size,
    global_average_pool,
    last_layer,
    residual_convolution,
    scaled_width,
)
from superxception_jax.models.ops import dispatch as ops

# For each stage: channels of the inner convolutions, number of blocks.
STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
EXPANSION = 4
EPSILON = 1.001e-5  # as in Keras' ResNet
MINIMUM_PX = 8


class ResNetFeatures(nn.Module):
    """Return the pooled features of ResNet-50.

    Attributes:
        width_multiplier: Factor of all channel numbers, see `scaled_width`.
        momentum: BatchNorm momentum, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: He et al. 2015, table 1.
    """

    width_multiplier: float
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map compute[B,H,W,C] in [-1,1] to compute[B,2048·width]."""
        stem = scaled_width(64, width_multiplier=self.width_multiplier)
        # Zeros on all four sides; SAME would put them on two for some sizes.
        x = _convolve(self, stem, 7, 2, "VALID", "conv1")(_pad(x, 3))
        x = _normalize(self, "relu", "bn1")(x, train=train)
        # After ReLU no value is below the zeros of the padding.
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
    """Apply 1×1, 3×3 and 1×1 convolutions with BatchNorm, then add the input.

    Attributes:
        width: Output channels of the first two convolutions.
        stride: Stride of the first convolution and of the shortcut in px.
        shortcut: Form of the shortcut, "projection" or "identity".
        momentum: BatchNorm momentum, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: He et al. 2015, figure 5 (right), with the stride in the first 1×1 convolution.
    """

    width: int
    stride: int
    shortcut: str
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map compute[B,H,W,C] to compute[B,ceil(H/stride),ceil(W/stride),4·width]."""
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
        classes: Number of classes.
        width_multiplier: Factor of all channel numbers, see `scaled_width`.
        momentum: BatchNorm momentum, in [0, 1).
        dropout_rate: Share of the features dropped before the head, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: He et al. 2015.
    """

    minimum_px: ClassVar[int] = MINIMUM_PX
    classes: int
    width_multiplier: float
    momentum: float
    dropout_rate: float
    implementation: str

    def setup(self) -> None:
        """Create the submodules."""
        self.backbone = ResNetFeatures(self.width_multiplier, self.momentum, self.implementation)
        self.dropout = nn.Dropout(self.dropout_rate)
        self.head = last_layer(self.classes)

    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Classify images.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: Whether to use batch statistics and dropout, which needs a "dropout" key.

        Returns:
            f32[B,classes] logits.

        Source: He et al. 2015, with dropout before the head as in Xception.
        """
        features = self.dropout(self.features(images, train=train), deterministic=not train)
        return self.head(features)

    def features(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Return the pooled features.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: Whether to use batch statistics.

        Returns:
            compute[B,2048·width].

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
