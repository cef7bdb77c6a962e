"""Xception, written by hand (Chollet 2017), and with super-resolution in front of it.

Architecture, names of the parts and initial values follow `keras.applications.Xception`;
a test copies weights between both and compares the outputs. Images are one-channel or
more, any size from `MINIMUM_PX` on.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen as nn

from superxception_jax.arrays import check
from superxception_jax.models import ops
from superxception_jax.models.layers import (
    BatchNorm,
    Convolution,
    SeparableConvolution,
    global_average_pool,
)

# The two convolutions without padding at the entry need 7 px to leave 1.
MINIMUM_PX = 7
_GLOROT = nn.initializers.glorot_uniform()


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


class SeparableBlock(nn.Module):
    """Apply separable convolutions with BatchNorm, reduce, and add the input.

    Attributes:
        features: output channels of each separable convolution.
        leading_relu: "relu" or "none" before the first convolution.
        shortcut: "projection" halves the size by a max pool and the shortcut by a 1×1
            convolution with stride 2; "identity" does neither.
        momentum: of BatchNorm.
        implementation: "plain" or "fast".

    Source: Chollet 2017, figure 5.
    """

    features: tuple[int, ...]
    leading_relu: str
    shortcut: str
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map f32[B,H,W,C] to f32[B,H',W',features[-1]]."""
        shortcut = x
        if self.shortcut == "projection":
            shortcut = Convolution(
                self.features[-1],
                size=1,
                stride=2,
                padding="SAME",
                use_bias=False,
                kernel_init=_GLOROT,
                implementation=self.implementation,
                name="residual",
            )(x)
            shortcut = _batch_norm(self, "residual_bn", "none")(shortcut, train=train)
        if self.leading_relu == "relu":
            x = jnp.maximum(x, 0.0)
        for index, features in enumerate(self.features, 1):
            x = SeparableConvolution(features, self.implementation, name=f"sepconv{index}")(x)
            # The ReLU in front of the next convolution is done with the normalisation.
            activation = "relu" if index < len(self.features) else "none"
            x = _batch_norm(self, f"sepconv{index}_bn", activation)(x, train=train)
        if self.shortcut == "projection":
            x = ops.max_pool(x, implementation=self.implementation)
        return x + shortcut


class _ScannedBlock(nn.Module):
    """Give the middle block the (carry, output) signature of a scan."""

    features: tuple[int, ...]
    momentum: float
    implementation: str
    train: bool

    @nn.compact
    def __call__(self, x: jax.Array, _: None) -> tuple[jax.Array, None]:
        return _middle_block(self, "block")(x, train=self.train), None


class MiddleFlow(nn.Module):
    """Apply equal blocks of three separable convolutions one after the other.

    Attributes:
        features: output channels of each separable convolution of a block.
        modules: number of blocks.
        form: "scan" compiles one block, its parameters stacked along a leading axis
            under `blocks/block`; "unrolled" compiles all, under `block5`, `block6`, ….
        momentum: of BatchNorm.
        implementation: "plain" or "fast".

    Source: Chollet 2017, figure 5; the scan is ours, because it halves compile time.
    """

    features: tuple[int, ...]
    modules: int
    form: str
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map f32[B,H,W,C] to the same shape."""
        if self.form not in ("scan", "unrolled"):
            raise ValueError(
                f'`middle_flow` must be "scan" or "unrolled", got {self.form!r}; choose one.'
            )
        if self.modules < 1:
            raise ValueError(f"`middle_modules` must be at least 1, got {self.modules}; raise it.")
        if self.form == "unrolled":
            for index in range(self.modules):
                # Keras counts blocks from 1; the middle flow starts with the fifth.
                x = _middle_block(self, f"block{index + 5}")(x, train=train)
            return x
        scanned = nn.scan(
            _ScannedBlock,
            variable_axes={"params": 0, "batch_stats": 0},
            split_rngs={"params": True},
            length=self.modules,
        )
        blocks = scanned(self.features, self.momentum, self.implementation, train, name="blocks")
        return blocks(x, None)[0]


def _middle_block(module: MiddleFlow | _ScannedBlock, name: str) -> SeparableBlock:
    return SeparableBlock(
        module.features,
        leading_relu="relu",
        shortcut="identity",
        momentum=module.momentum,
        implementation=module.implementation,
        name=name,
    )


class XceptionFeatures(nn.Module):
    """Compute the pooled features of Xception.

    Attributes:
        width_multiplier: factor of all channel numbers, see `scaled_width`.
        middle_modules: number of blocks of the middle flow; 8 in the paper.
        middle_flow: "scan" or "unrolled", see `MiddleFlow`.
        momentum: of BatchNorm.
        implementation: "plain" or "fast".

    Source: Chollet 2017, figure 5.
    """

    width_multiplier: float
    middle_modules: int
    middle_flow: str
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map f32[B,H,W,C] in [-1,1] to f32[B,2048·width]."""

        def wide(*channels: int) -> tuple[int, ...]:
            return tuple(
                scaled_width(count, width_multiplier=self.width_multiplier) for count in channels
            )

        def block(features: tuple[int, ...], leading_relu: str, name: str) -> SeparableBlock:
            return SeparableBlock(
                features, leading_relu, "projection", self.momentum, self.implementation, name=name
            )

        for index, (features, stride) in enumerate(zip(wide(32, 64), (2, 1), strict=True), 1):
            x = Convolution(
                features,
                size=3,
                stride=stride,
                padding="VALID",
                use_bias=False,
                kernel_init=_GLOROT,
                implementation=self.implementation,
                name=f"block1_conv{index}",
            )(x)
            x = _batch_norm(self, f"block1_conv{index}_bn", "relu")(x, train=train)
        x = block(wide(128, 128), "none", "block2")(x, train=train)
        x = block(wide(256, 256), "relu", "block3")(x, train=train)
        x = block(wide(728, 728), "relu", "block4")(x, train=train)
        x = MiddleFlow(
            wide(728, 728, 728),
            self.middle_modules,
            self.middle_flow,
            self.momentum,
            self.implementation,
            name="middle_flow",
        )(x, train=train)
        x = block(wide(728, 1024), "relu", "block13")(x, train=train)
        for index, features in enumerate(wide(1536, 2048), 1):
            name = f"block14_sepconv{index}"
            x = SeparableConvolution(features, self.implementation, name=name)(x)
            x = _batch_norm(self, f"{name}_bn", "relu")(x, train=train)
        return global_average_pool(x)


class Xception(nn.Module):
    """Classify images with Xception.

    Attributes:
        classes: number of classes.
        width_multiplier: factor of all channel numbers, see `scaled_width`.
        middle_modules: number of blocks of the middle flow; 8 in the paper.
        middle_flow: "scan" or "unrolled", see `MiddleFlow`.
        momentum: of BatchNorm.
        dropout_rate: share of the features dropped before the head, in [0, 1).
        implementation: "plain" or "fast".

    Source: Chollet 2017.
    """

    classes: int
    width_multiplier: float
    middle_modules: int
    middle_flow: str
    momentum: float
    dropout_rate: float
    implementation: str

    def setup(self) -> None:
        """Name the parts."""
        self.backbone = XceptionFeatures(
            self.width_multiplier,
            self.middle_modules,
            self.middle_flow,
            self.momentum,
            self.implementation,
        )
        self.dropout = nn.Dropout(self.dropout_rate)
        self.head = nn.Dense(self.classes, kernel_init=_GLOROT)

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

        Source: Chollet 2017; dropout before the head as in his section 4.5.2.
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

        Source: Chollet 2017; the scaling of [0,1] to [-1,1] is that of Keras.
        """
        sizes = check(images=(images, "f32[B,H,W,C]"))
        if min(sizes["H"], sizes["W"]) < MINIMUM_PX:
            raise ValueError(
                f"`images` must be at least {MINIMUM_PX} px high and wide, got "
                f"{sizes['H']}×{sizes['W']}; enlarge them."
            )
        return self.backbone(2.0 * images - 1.0, train=train)


def _batch_norm(module: nn.Module, name: str, activation: str) -> BatchNorm:
    return BatchNorm(module.momentum, activation, module.implementation, name=name)  # type: ignore[attr-defined]
