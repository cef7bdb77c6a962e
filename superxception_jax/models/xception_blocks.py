"""The repeated parts of Xception: separable blocks with a shortcut, and the middle flow."""

from __future__ import annotations

import jax
from flax import linen as nn

from superxception_jax.models.layers import (
    EPSILON,
    GLOROT,
    BatchNorm,
    Convolution,
    SeparableConvolution,
)
from superxception_jax.models.ops import dispatch as ops

# Keras counts blocks from 1; the middle flow starts at the fifth.
FIRST_MIDDLE_BLOCK = 5


class SeparableBlock(nn.Module):
    """Apply separable convolutions with BatchNorm, reduce the size, then add the input.

    Attributes:
        features: Output channels of each separable convolution.
        leading_relu: Function before the first convolution, "relu" or "none".
        shortcut: "projection" to halve the size by a max pool and the shortcut by a 1×1
            convolution with stride 2, or "identity" to do neither.
        momentum: BatchNorm momentum, in [0, 1).
        implementation: Form of the operations, "plain" or "fast".

    Source: Chollet 2017, figure 5.
    """

    features: tuple[int, ...]
    leading_relu: str
    shortcut: str
    momentum: float
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map compute[B,H,W,C] to compute[B,H',W',features[-1]]."""
        shortcut = x
        if self.shortcut == "projection":
            shortcut = Convolution(
                self.features[-1],
                size=1,
                stride=2,
                padding="SAME",
                use_bias=False,
                activation="none",
                kernel_init=GLOROT,
                implementation=self.implementation,
                name="residual",
            )(x)
            shortcut = _batch_norm(self, "residual_bn", "none")(shortcut, train=train)
        if self.leading_relu == "relu":
            x = nn.relu(x)
        for index, features in enumerate(self.features, 1):
            x = SeparableConvolution(features, self.implementation, name=f"sepconv{index}")(x)
            # The normalisation applies the ReLU that precedes the next convolution.
            activation = "relu" if index < len(self.features) else "none"
            x = _batch_norm(self, f"sepconv{index}_bn", activation)(x, train=train)
        if self.shortcut == "projection":
            x = ops.max_pool(x, padding="SAME", implementation=self.implementation)
        return x + shortcut


def apply_block(block: SeparableBlock, x: jax.Array, *, train: bool, activations: str) -> jax.Array:
    """Return the output of a block.

    Args:
        block: Block, bound to its parameters.
        x: compute[B,H,W,C].
        train: Whether to use batch statistics.
        activations: Those within the block, for the backward pass: "kept", or "recomputed" from
            its input, which saves memory. The parameters and the results are the same.

    Returns:
        compute[B,H',W',D].

    Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
    """
    if activations == "kept":
        return block(x, train=train)
    return nn.remat(lambda block, x: block(x, train=train))(block, x)


class _ScannedBlock(nn.Module):
    """Give the middle block the (carry, output) signature of a scan."""

    features: tuple[int, ...]
    momentum: float
    activations: str
    implementation: str
    train: bool

    @nn.compact
    def __call__(self, x: jax.Array, _: None) -> tuple[jax.Array, None]:
        block = _middle_block(self, "block")
        return apply_block(block, x, train=self.train, activations=self.activations), None


class MiddleFlow(nn.Module):
    """Apply equal blocks of three separable convolutions in sequence.

    Attributes:
        features: Output channels of each separable convolution of a block.
        modules: Number of blocks.
        form: "scan" to compile one block, with the parameters of all stacked along a leading axis
            under `blocks/block`, or "unrolled" to compile each, under `block5`, `block6`, …. The
            scan halves the compile time.
        momentum: BatchNorm momentum, in [0, 1).
        activations: Those within a block, "kept" or "recomputed", see `apply_block`.
        implementation: Form of the operations, "plain" or "fast".

    Source: Chollet 2017, figure 5.
    """

    features: tuple[int, ...]
    modules: int
    form: str
    momentum: float
    activations: str
    implementation: str

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map compute[B,H,W,C] to the same shape."""
        if self.form not in ("scan", "unrolled"):
            raise ValueError(
                f'`middle_flow` must be "scan" or "unrolled", got {self.form!r}; choose one.'
            )
        if self.modules < 1:
            raise ValueError(f"`middle_modules` must be at least 1, got {self.modules}; raise it.")
        if self.form == "unrolled":
            for index in range(self.modules):
                block = _middle_block(self, f"block{index + FIRST_MIDDLE_BLOCK}")
                x = apply_block(block, x, train=train, activations=self.activations)
            return x
        scanned = nn.scan(
            _ScannedBlock,
            variable_axes={"params": 0, "batch_stats": 0},
            split_rngs={"params": True},
            length=self.modules,
        )
        blocks = scanned(
            self.features,
            self.momentum,
            self.activations,
            self.implementation,
            train,
            name="blocks",
        )
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


def _batch_norm(module: SeparableBlock, name: str, activation: str) -> BatchNorm:
    return BatchNorm(module.momentum, activation, module.implementation, EPSILON, name=name)
