"""A small residual network for straightened chromosomes on the 50×50 canvas.

A straightened chromosome is an upright strip in the middle of its canvas, and the order of its
bands determines its class. The network therefore takes only the middle columns, reduces the rows
late, and keeps the position along the axis up to the last layer instead of averaging over it.

Classes and functions raise `ValueError` for a wrong shape or attribute, and `TypeError` for a
dtype other than float32 and bfloat16.
"""

from __future__ import annotations

from typing import ClassVar

import jax
from flax import linen as nn

from superxception_jax.models.layers import (
    EPSILON,
    BatchNorm,
    Convolution,
    check_size,
    last_layer,
    residual_convolution,
    scaled_width,
)

# Share of the columns that are kept, in the middle. None of the 5,474 straightened images of the
# Padova data set loses more than 0.06 % of its total grey value.
STRIP_SHARE = 0.64
# Output channels of the residual stages; each stage but the first halves rows and columns.
STAGES = (32, 64, 128)
MINIMUM_PX = 24


class ResidualBlock(nn.Module):
    """Apply two 3×3 convolutions with BatchNorm, then add the input.

    Attributes:
        width: Output channels.
        stride: Stride of the first convolution and of the shortcut in px.
        momentum: BatchNorm momentum, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: He et al. 2015, figure 2; the shortcut is a projection where the shape changes.
    """

    width: int
    stride: int
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map compute[B,H,W,C] to compute[B,ceil(H/stride),ceil(W/stride),width]."""
        shortcut = x
        if self.stride > 1 or x.shape[-1] != self.width:
            shortcut = self._convolve(1, self.stride, "shortcut")(x)
            shortcut = self._normalize("none", "shortcut_bn")(shortcut, train=train)
        x = self._convolve(3, self.stride, "conv1")(x)
        x = self._normalize("relu", "bn1")(x, train=train)
        x = self._convolve(3, 1, "conv2")(x)
        x = self._normalize("none", "bn2")(x, train=train)
        return nn.relu(x + shortcut)

    def _convolve(self, size: int, stride: int, name: str) -> Convolution:
        return _convolution(self.width, size, stride, self.implementation, name)

    def _normalize(self, activation: str, name: str) -> BatchNorm:
        return BatchNorm(self.momentum, activation, self.implementation, EPSILON, name=name)


class StripFeatures(nn.Module):
    """Return features along the axis of a chromosome.

    Attributes:
        width_multiplier: Factor of all channel numbers, see `scaled_width`.
        stem_stride: Stride of the first convolution in px, see `StripNet`.
        momentum: BatchNorm momentum, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: He et al. 2015 for the residual blocks.
    """

    width_multiplier: float
    stem_stride: int
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map compute[B,H,W,C] to compute[B,ceil(ceil(H/stem_stride)/8)·128·width]."""
        narrow, *wide = (
            scaled_width(channels, width_multiplier=self.width_multiplier)
            for channels in (STAGES[0] // 2, *STAGES)
        )
        for index, (width, stride) in enumerate(((narrow, self.stem_stride), (wide[0], 2)), 1):
            # The first window grows with its stride: 3×3 for stride 1, 5×5 for stride 2.
            size = 2 * stride + 1 if index == 1 else 3
            x = _convolution(width, size, stride, self.implementation, f"stem{index}")(x)
            x = BatchNorm(
                self.momentum, "relu", self.implementation, EPSILON, name=f"stem{index}_bn"
            )(x, train=train)
        for stage, width in enumerate(wide):
            x = ResidualBlock(
                width,
                stride=2 if stage else 1,
                momentum=self.momentum,
                implementation=self.implementation,
                name=f"stage{stage + 1}",
            )(x, train=train)
        # Across the axis the only information left is the width.
        return x.mean(axis=2).reshape(x.shape[0], -1)


class StripNet(nn.Module):
    """Classify straightened chromosomes.

    Attributes:
        classes: Number of classes.
        width_multiplier: Factor of all channel numbers, see `scaled_width`.
        stem_stride: Stride of the first convolution in px: 1, or 2 for a canvas of twice the
            side, whose details become channels in the first layer.
        momentum: BatchNorm momentum, in [0, 1).
        dropout_rate: Share of the features dropped before the head, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".
    """

    minimum_px: ClassVar[int] = MINIMUM_PX
    classes: int
    width_multiplier: float
    stem_stride: int
    momentum: float
    dropout_rate: float
    implementation: str

    def setup(self) -> None:
        """Create the submodules."""
        self.backbone = StripFeatures(
            self.width_multiplier, self.stem_stride, self.momentum, self.implementation
        )
        self.dropout = nn.Dropout(self.dropout_rate)
        self.head = last_layer(self.classes)

    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Classify images.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side; straightened,
                upright, in the middle of the canvas.
            train: Whether to use batch statistics and dropout, which needs a "dropout" key.

        Returns:
            f32[B,classes] logits.
        """
        features = self.dropout(self.features(images, train=train), deterministic=not train)
        return self.head(features)

    def features(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Return the features along the axis.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: Whether to use batch statistics.

        Returns:
            compute[B,ceil(ceil(H/stem_stride)/8)·128·width].
        """
        check_size(images, minimum_px=MINIMUM_PX)
        return self.backbone(2.0 * middle_columns(images) - 1.0, train=train)


def middle_columns(images: jax.Array) -> jax.Array:
    """Return the middle columns; the sides of a straightened chromosome are black.

    Args:
        images: compute[B,H,W,C].

    Returns:
        compute[B,H,w,C]; w is about `STRIP_SHARE` of W, so that both sides lose the same number.

    >>> import numpy as np
    >>> middle_columns(np.zeros((1, 50, 50, 1))).shape
    (1, 50, 32, 1)
    """
    side = round(images.shape[2] * (1 - STRIP_SHARE) / 2)
    return images[:, :, side : images.shape[2] - side]


def _convolution(width: int, size: int, stride: int, implementation: str, name: str) -> Convolution:
    return residual_convolution(
        width,
        size=size,
        stride=stride,
        padding="SAME",
        implementation=implementation,
        name=name,
    )
