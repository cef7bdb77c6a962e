"""Xception (Chollet 2017).

Architecture, names of the submodules and initial values follow `keras.applications.Xception`; a
test copies weights from one to the other and compares the outputs. Images have any number of
channels and any size from `MINIMUM_PX` on.

Classes and functions raise `ValueError` for a wrong shape or attribute, and `TypeError` for a
dtype other than float32 and bfloat16.
"""

from __future__ import annotations

from typing import ClassVar

import jax
from flax import linen as nn

from superxception_jax.models.layers import (
    EPSILON,
    GLOROT,
    BatchNorm,
    Convolution,
    SeparableConvolution,
    check_size,
    global_average_pool,
    last_layer,
    scaled_width,
)
from superxception_jax.models.xception_blocks import MiddleFlow, SeparableBlock, apply_block

# The first two convolutions, without padding, need 7 px to leave 1.
MINIMUM_PX = 7
# Activations within the blocks of the middle flow, and within the others; see `apply_block`.
REMATERIALIZATIONS = {
    "none": ("kept", "kept"),
    "middle_flow": ("recomputed", "kept"),
    "blocks": ("recomputed", "recomputed"),
}


class XceptionFeatures(nn.Module):
    """Return the pooled features of Xception.

    Attributes:
        width_multiplier: Factor of all channel numbers, see `scaled_width`.
        middle_modules: Number of blocks of the middle flow; 8 in the publication.
        middle_flow: Form of the middle flow, "scan" or "unrolled", see `MiddleFlow`.
        rematerialization: Blocks whose activations are computed again in the backward pass:
            "none", "middle_flow" or "blocks".
        momentum: BatchNorm momentum, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: Chollet 2017, figure 5.
    """

    width_multiplier: float
    middle_modules: int
    middle_flow: str
    rematerialization: str
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map compute[B,H,W,C] in [-1,1] to compute[B,2048·width]."""

        def batch_norm(name: str) -> BatchNorm:
            return BatchNorm(self.momentum, "relu", self.implementation, EPSILON, name=name)

        def wide(*channels: int) -> tuple[int, ...]:
            return tuple(
                scaled_width(count, width_multiplier=self.width_multiplier) for count in channels
            )

        if self.rematerialization not in REMATERIALIZATIONS:
            raise ValueError(
                f"`rematerialization` must be one of {tuple(REMATERIALIZATIONS)}, got "
                f"{self.rematerialization!r}; choose one."
            )
        middle, others = REMATERIALIZATIONS[self.rematerialization]

        def apply(x: jax.Array, features: tuple[int, ...], leading_relu: str, name: str):
            block = SeparableBlock(
                features, leading_relu, "projection", self.momentum, self.implementation, name=name
            )
            return apply_block(block, x, train=train, activations=others)

        for index, (features, stride) in enumerate(zip(wide(32, 64), (2, 1), strict=True), 1):
            x = Convolution(
                features,
                size=3,
                stride=stride,
                padding="VALID",
                use_bias=False,
                activation="none",
                kernel_init=GLOROT,
                implementation=self.implementation,
                name=f"block1_conv{index}",
            )(x)
            x = batch_norm(f"block1_conv{index}_bn")(x, train=train)
        x = apply(x, wide(128, 128), "none", "block2")
        x = apply(x, wide(256, 256), "relu", "block3")
        x = apply(x, wide(728, 728), "relu", "block4")
        x = MiddleFlow(
            wide(728, 728, 728),
            self.middle_modules,
            self.middle_flow,
            self.momentum,
            middle,
            self.implementation,
            name="middle_flow",
        )(x, train=train)
        x = apply(x, wide(728, 1024), "relu", "block13")
        for index, features in enumerate(wide(1536, 2048), 1):
            name = f"block14_sepconv{index}"
            x = SeparableConvolution(features, self.implementation, name=name)(x)
            x = batch_norm(f"{name}_bn")(x, train=train)
        return global_average_pool(x)


class Xception(nn.Module):
    """Classify images with Xception.

    Attributes:
        classes: Number of classes.
        width_multiplier: Factor of all channel numbers, see `scaled_width`.
        middle_modules: Number of blocks of the middle flow; 8 in the publication.
        middle_flow: Form of the middle flow, "scan" or "unrolled", see `MiddleFlow`.
        rematerialization: Blocks whose activations are computed again in the backward pass:
            "none", "middle_flow" or "blocks".
        momentum: BatchNorm momentum, in [0, 1).
        dropout_rate: Share of the features dropped before the head, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: Chollet 2017.
    """

    minimum_px: ClassVar[int] = MINIMUM_PX
    classes: int
    width_multiplier: float
    middle_modules: int
    middle_flow: str
    rematerialization: str
    momentum: float
    dropout_rate: float
    implementation: str

    def setup(self) -> None:
        """Create the submodules."""
        self.backbone = XceptionFeatures(
            self.width_multiplier,
            self.middle_modules,
            self.middle_flow,
            self.rematerialization,
            self.momentum,
            self.implementation,
        )
        self.dropout = nn.Dropout(self.dropout_rate)
        self.head = last_layer(self.classes)

    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Classify images.

        Args:
            images: compute[B,H,W,C] in [0,1], at least `MINIMUM_PX` on each side.
            train: Whether to use batch statistics and dropout, which needs a "dropout" key.

        Returns:
            f32[B,classes] logits.

        Source: Chollet 2017; dropout before the head as in his section 4.3.
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

        Source: Chollet 2017; scaled from [0,1] to [-1,1] as in Keras.
        """
        check_size(images, minimum_px=MINIMUM_PX)
        return self.backbone(2.0 * images - 1.0, train=train)
