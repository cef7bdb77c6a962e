"""The paper's plain network: six convolutions and two sigmoid layers.

The paper doesn't state the window size, the padding or the initial values. Here they are 3×3,
SAME, and Glorot's as in Keras.

Classes and functions raise `ValueError` for a wrong shape or attribute, and `TypeError` for a
dtype other than float32 and bfloat16.
"""

from __future__ import annotations

from typing import ClassVar

import jax
from flax import linen as nn

from superxception_jax.models.layers import (
    GLOROT,
    Convolution,
    check_size,
    last_layer,
    scaled_width,
)

CHANNELS = (16, 16, 32, 64, 128, 256)
HIDDEN = (1024, 512)
# Every convolution is followed by a pool that halves the size.
MINIMUM_PX = 2 ** len(CHANNELS)


class DeepCNN(nn.Module):
    """Classify images with six convolutions, each followed by ReLU and a 2×2 max pool.

    Attributes:
        classes: Number of classes.
        width_multiplier: Factor of all channel numbers, see `scaled_width`.
        dropout_rate: Share of the features dropped before the head, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: the paper, the section on the Deep CNN.
    """

    minimum_px: ClassVar[int] = MINIMUM_PX
    classes: int
    width_multiplier: float
    dropout_rate: float
    implementation: str

    def setup(self) -> None:
        """Create the submodules."""
        self.convolutions = [
            Convolution(
                scaled_width(features, width_multiplier=self.width_multiplier),
                size=3,
                stride=1,
                padding="SAME",
                use_bias=True,
                activation="relu",
                kernel_init=GLOROT,
                implementation=self.implementation,
            )
            for features in CHANNELS
        ]
        self.hidden = [
            nn.Dense(
                scaled_width(features, width_multiplier=self.width_multiplier), kernel_init=GLOROT
            )
            for features in HIDDEN
        ]
        self.dropout = nn.Dropout(self.dropout_rate)
        self.head = last_layer(self.classes)

    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Classify images.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: Whether to use dropout, which needs a "dropout" key.

        Returns:
            f32[B,classes] logits.

        Source: the paper.
        """
        features = self.dropout(self.features(images, train=train), deterministic=not train)
        return self.head(features)

    def features(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Compute the activations of the second sigmoid layer.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: Ignored, because there is no BatchNorm.

        Returns:
            compute[B,512·width] in (0,1).

        Source: the paper.
        """
        del train
        check_size(images, minimum_px=MINIMUM_PX)
        x = images
        for convolution in self.convolutions:
            x = _halve(convolution(x))
        x = x.reshape(x.shape[0], -1)
        for hidden in self.hidden:
            x = nn.sigmoid(hidden(x))
        return x


def _halve(x: jax.Array) -> jax.Array:
    """Take the maximum of 2×2 windows; an odd last row or column is dropped."""
    batch, height, width, channels = x.shape
    rows, columns = height // 2, width // 2
    windows = x[:, : 2 * rows, : 2 * columns].reshape(batch, rows, 2, columns, 2, channels)
    return windows.max((2, 4))
