"""AlexNet (Krizhevsky, Sutskever and Hinton 2012).

The two halves that the publication trains on two GPUs are one network here: 60,965,224 parameters
with three channels, 1,000 classes and 227×227 px, the input size that the chromosome paper uses
for all its networks.

Classes and functions raise `ValueError` for a wrong shape or attribute, and `TypeError` for a
dtype other than float32 and bfloat16.
"""

from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp
from flax import linen as nn

from superxception_jax.arrays import check
from superxception_jax.models.layers import Convolution, check_size, last_layer, scaled_width
from superxception_jax.models.ops import dispatch as ops

HIDDEN = 4096
# The first convolution and the three pools, none of them padded, need 67 px to leave 1.
MINIMUM_PX = 67


class AlexNet(nn.Module):
    """Classify images with AlexNet.

    Attributes:
        classes: Number of classes.
        width_multiplier: Factor of all channel numbers, see `scaled_width`.
        dropout_rate: Share of the activations dropped before each hidden layer, as torchvision has
            it; the publication drops 0.5 of the outputs of both hidden layers.
        implementation: Form of the operations, "plain" or "fast".

    Source: Krizhevsky, Sutskever and Hinton 2012, section 3.5. The initial values are
        He's: with the paper's Gaussian of 0.01, training with Adam stays at chance level.
    """

    minimum_px: ClassVar[int] = MINIMUM_PX
    classes: int
    width_multiplier: float
    dropout_rate: float
    implementation: str

    def setup(self) -> None:
        """Create the submodules."""

        def convolution(features: int, size: int, stride: int, padding: str, groups: int):
            return GroupedConvolution(
                scaled_width(features, width_multiplier=self.width_multiplier),
                size,
                stride,
                padding,
                groups,
                self.implementation,
            )

        def hidden() -> nn.Dense:
            width = scaled_width(HIDDEN, width_multiplier=self.width_multiplier)
            return nn.Dense(width, kernel_init=nn.initializers.he_normal())

        self.conv1 = convolution(96, 11, 4, "VALID", 1)
        self.conv2 = convolution(256, 5, 1, "SAME", 2)
        self.conv3 = convolution(384, 3, 1, "SAME", 1)
        self.conv4 = convolution(384, 3, 1, "SAME", 2)
        self.conv5 = convolution(256, 3, 1, "SAME", 2)
        self.hidden6, self.hidden7 = hidden(), hidden()
        self.dropout = nn.Dropout(self.dropout_rate)
        self.head = last_layer(self.classes)

    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Classify images.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: Whether to use dropout, which needs a "dropout" key.

        Returns:
            f32[B,classes] logits.

        Source: Krizhevsky et al. 2012, figure 2.
        """
        return self.head(self.features(images, train=train))

    def features(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Compute the activations of the second hidden layer.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: Whether to use dropout, which needs a "dropout" key.

        Returns:
            compute[B,4096·width].

        Source: Krizhevsky et al. 2012, figure 2; grey values are scaled to [-1,1], which centres
            them as subtracting the mean image does in the paper.
        """
        check_size(images, minimum_px=MINIMUM_PX)
        x = 2.0 * images - 1.0
        x = self._pool(normalize_responses(self.conv1(x)))
        x = self._pool(normalize_responses(self.conv2(x)))
        x = self._pool(self.conv5(self.conv4(self.conv3(x))))
        x = x.reshape(x.shape[0], -1)
        for hidden in (self.hidden6, self.hidden7):
            x = nn.relu(hidden(self.dropout(x, deterministic=not train)))
        return x

    def _pool(self, x: jax.Array) -> jax.Array:
        return ops.max_pool(x, padding="VALID", implementation=self.implementation)


class GroupedConvolution(nn.Module):
    """Convolve groups of channels independently and apply ReLU.

    Attributes:
        features: Output channels over all groups.
        size: Side of the window in px.
        stride: Step of the window in px.
        padding: "SAME" or "VALID".
        groups: 2 where the paper's GPUs don't exchange activations, else 1.
        implementation: Form of the operations, "plain" or "fast".

    Source: Krizhevsky et al. 2012, section 3.2.
    """

    features: int
    size: int
    stride: int
    padding: str
    groups: int
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Convolve compute[B,H,W,C] to compute[B,H',W',features]."""
        parts = [
            Convolution(
                self.features // self.groups,
                size=self.size,
                stride=self.stride,
                padding=self.padding,
                use_bias=True,
                activation="relu",
                kernel_init=nn.initializers.he_normal(),
                implementation=self.implementation,
                name=f"group{index}",
            )(part)
            for index, part in enumerate(jnp.split(x, self.groups, axis=-1), 1)
        ]
        return parts[0] if self.groups == 1 else jnp.concatenate(parts, axis=-1)


def normalize_responses(x: jax.Array) -> jax.Array:
    """Normalise every value by the squares of its neighbouring channels.

    Args:
        x: compute[B,H,W,C].

    Returns:
        compute[B,H,W,C].

    Source: Krizhevsky et al. 2012, section 3.3: x / (2 + 1e-4 · Σ x²)^0.75 over 5 channels.
    """
    channels = check(x=(x, "compute[B,H,W,C]"))["C"]
    # In bfloat16 the sum in the denominator would be rounded to multiples of 1/64.
    wide = x.astype(jnp.float32)
    squares = jnp.pad(jnp.square(wide), ((0, 0), (0, 0), (0, 0), (2, 2)))
    total = sum(squares[..., offset : offset + channels] for offset in range(5))
    return (wide * (2.0 + 1e-4 * total) ** -0.75).astype(x.dtype)
