"""Super-Xception in idiomatic PyTorch, for the comparison of speed.

Layers, channels, padding and BatchNorm constants are those of `superxception_jax.models.xception`;
the report checks that the number of parameters is the same.
"""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional


def same_padding(size: int, *, window: int, stride: int) -> tuple[int, int]:
    """Return the padding before and after an axis, by the convention of Keras and XLA.

    Args:
        size: Length of the axis.
        window: Length of the window.
        stride: Step of the window.
    """
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Return a BatchNorm layer with the constants of Keras' Xception."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class SeparableConvolution(nn.Module):
    """A 3×3 depthwise and a 1×1 convolution, both without bias, followed by BatchNorm."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, features, 1, bias=False)
        self.norm = batch_norm(features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output f32[B,features,H,W] for an input f32[B,C,H,W]."""
        return self.norm(self.pointwise(self.depthwise(x)))


class Block(nn.Module):
    """Separable convolutions with a shortcut.

    Args:
        features: Channels of the input and of each convolution.
        leading_relu: Whether a ReLU precedes the first convolution.
        halve: Whether max pooling halves the resolution; the shortcut is then projected.
    """

    def __init__(self, features: tuple[int, ...], *, leading_relu: bool, halve: bool) -> None:
        super().__init__()
        pairs = itertools.pairwise(features)
        self.convolutions = nn.ModuleList(SeparableConvolution(*pair) for pair in pairs)
        self.leading_relu = leading_relu
        self.halve = halve
        if halve:
            self.residual = nn.Conv2d(features[0], features[-1], 1, stride=2, bias=False)
            self.residual_norm = batch_norm(features[-1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output f32[B,features,H',W'] for an input f32[B,C,H,W]."""
        shortcut = self.residual_norm(self.residual(x)) if self.halve else x
        for index, convolution in enumerate(self.convolutions):
            if index > 0 or self.leading_relu:
                x = functional.relu(x)
            x = convolution(x)
        if self.halve:
            rows, columns = (same_padding(s, window=3, stride=2) for s in x.shape[2:])
            if rows == columns == (1, 1):
                x = functional.max_pool2d(x, 3, 2, padding=1)
            else:
                x = functional.max_pool2d(
                    functional.pad(x, (*columns, *rows), value=float("-inf")), 3, 2
                )
        return x + shortcut


class SuperXception(nn.Module):
    """The paper's network at full width.

    Args:
        classes: Number of classes.
    """

    def __init__(self, *, classes: int) -> None:
        super().__init__()
        self.enhance = nn.Sequential(
            nn.Conv2d(1, 64, 9, padding=4),
            nn.ReLU(),
            nn.Conv2d(64, 32, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(32, 1, 5, padding=2),
        )
        self.stem = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, bias=False),
            batch_norm(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, bias=False),
            batch_norm(64),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            Block((64, 128, 128), leading_relu=False, halve=True),
            Block((128, 256, 256), leading_relu=True, halve=True),
            Block((256, 728, 728), leading_relu=True, halve=True),
            *(Block((728,) * 4, leading_relu=True, halve=False) for _ in range(8)),
            Block((728, 728, 1024), leading_relu=True, halve=True),
        )
        self.exit = nn.Sequential(
            SeparableConvolution(1024, 1536), nn.ReLU(), SeparableConvolution(1536, 2048), nn.ReLU()
        )
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(2048, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits f32[B,classes] for images f32[B,1,S,S] in [0,1]."""
        enhanced = images + self.enhance(images)
        features = self.exit(self.blocks(self.stem(2.0 * enhanced - 1.0)))
        return self.head(self.dropout(features.mean((2, 3))))
