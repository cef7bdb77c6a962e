"""Turn the weights of Keras' Xception and ResNet-50 into variables of ours.

Keras' networks read three colours, ours read grey values: grey in [0, 1] stands for a colour
image with three equal channels, so the kernels of the first layer are summed over their inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from superxception_jax.models.resnet import STAGES
from superxception_jax.models.xception_blocks import FIRST_MIDDLE_BLOCK

Layers = Mapping[str, list[np.ndarray]]
# Path of a variable of ours: collection, then the names of the modules, then its own.
Arrays = dict[tuple[str, ...], np.ndarray]

MIDDLE_MODULES = 8
HEAD = "predictions"
# Means of blue, green and red over ImageNet, in grey values of 0..255, which Keras takes off.
CAFFE_MEANS = np.array([103.939, 116.779, 123.68], np.float64)
_BLOCK = re.compile(r"conv\d+_block\d+_\d_(conv|bn)")


@dataclass(frozen=True)
class Converted:
    """What a file gives.

    Attributes:
        arrays: variables of ours by path, the middle flow unrolled; the head only if the file
            has it.
        used: names of the file's layers behind them.

    Source: ours, because the report names what was left.
    """

    arrays: Arrays
    used: frozenset[str]


class MissingLayerError(ValueError):
    """A layer that the network needs is not in the file."""


def convert_xception(layers: Layers) -> Converted:
    """Convert the weights of `keras.applications.Xception`.

    For a grey image in [0, 1] the features are the same as Keras' for the image with three equal
    channels scaled by `keras.applications.xception.preprocess_input`.

    Args:
        layers: arrays by name of the layer, as in `read_keras_file`. The four shortcuts, which
            Keras leaves unnamed, are told from their numbers.

    Returns:
        The variables.

    Raises:
        MissingLayerError: a layer is missing.
        ValueError: a layer holds other arrays than the network's.

    Source: ours, because the parts of our network are called after Keras'.
    """
    reader = _Reader(layers)
    stem = reader.take("block1_conv1", kernel=4)[0]
    reader.put("block1_conv1", kernel=stem.sum(axis=2, keepdims=True))
    reader.put("block1_conv2", kernel=reader.take("block1_conv2", kernel=4)[0])
    for name in ("block1_conv1_bn", "block1_conv2_bn"):
        reader.put_batch_norm(name, name)
    for names, name in _separable_convolutions():
        depthwise, pointwise = reader.take(name, depthwise=4, pointwise=4)
        reader.put(*names, depthwise_kernel=depthwise[..., 0], pointwise_kernel=pointwise[0, 0])
        reader.put_batch_norm(f"{name}_bn", *names[:-1], f"{names[-1]}_bn")
    blocks = ("block2", "block3", "block4", "block13")
    shortcuts = reader.unnamed("conv2d", "convolution2d", count=len(blocks))
    normalizations = reader.unnamed("batch_normalization", "batchnormalization", count=len(blocks))
    for block, shortcut, normalization in zip(blocks, shortcuts, normalizations, strict=True):
        reader.put(block, "residual", kernel=reader.take(shortcut, kernel=4)[0])
        reader.put_batch_norm(normalization, block, "residual_bn")
    reader.put_head()
    return reader.finish()


def convert_resnet50(layers: Layers) -> Converted:
    """Convert the weights of `keras.applications.ResNet50`.

    Keras' preprocessing (`caffe`: 0..255, less the mean of each colour) goes into the kernel and
    the BatchNorm of the first layer. For a grey image the first layer then gives the same as
    Keras' with three equal channels where its 7×7 window lies inside of the image; at the border
    Keras pads with the mean colour, we with middle grey. Biases of the convolutions are taken off
    the means of the BatchNorm behind them.

    Args:
        layers: arrays by name of the layer, as in `read_keras_file`.

    Returns:
        The variables.

    Raises:
        MissingLayerError: a layer is missing.
        ValueError: a layer holds other arrays than the network's, the first doesn't read three
            colours, or there are more blocks (ResNet-101, -152).

    Source: ours, because both are affine and thus exact.
    """
    reader = _Reader(layers)
    kernel, bias = reader.take("conv1_conv", kernel=4, bias=1)
    if kernel.shape[2] != len(CAFFE_MEANS):
        raise ValueError(
            f"the layer `conv1_conv` must read three colours, got a kernel of shape {kernel.shape}"
        )
    # Ours computes with x = 2·grey − 1, Keras with 255·grey − mean = 127.5·x + (127.5 − mean).
    reader.put("conv1", kernel=127.5 * kernel.sum(axis=2, keepdims=True))
    offset = np.einsum("hwio,i->o", kernel.astype(np.float64), 127.5 - CAFFE_MEANS)
    reader.put_batch_norm("conv1_bn", "bn1", shift=bias + offset)
    for stage, (_, blocks) in enumerate(STAGES, 2):
        for block in range(1, blocks + 1):
            name = f"conv{stage}_block{block}"
            for number in range(0 if block == 1 else 1, 4):
                kernel, bias = reader.take(f"{name}_{number}_conv", kernel=4, bias=1)
                reader.put(name, f"conv{number}", kernel=kernel)
                reader.put_batch_norm(f"{name}_{number}_bn", name, f"bn{number}", shift=bias)
    reader.put_head()
    converted = reader.finish()
    more = [name for name in layers if _BLOCK.fullmatch(name) and name not in converted.used]
    if more:
        raise ValueError(f"the network must have ResNet-50's blocks only, got `{more[0]}`, too")
    return converted


CONVERSIONS: dict[str, Callable[[Layers], Converted]] = {
    "xception": convert_xception,
    "resnet50": convert_resnet50,
}


def _separable_convolutions() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path in our network and the name in Keras'."""
    for block in ("block2", "block3", "block4", "block13"):
        for name in ("sepconv1", "sepconv2"):
            yield (block, name), f"{block}_{name}"
    for module in range(MIDDLE_MODULES):
        block = f"block{module + FIRST_MIDDLE_BLOCK}"
        for name in ("sepconv1", "sepconv2", "sepconv3"):
            yield ("middle_flow", block, name), f"{block}_{name}"
    for name in ("block14_sepconv1", "block14_sepconv2"):
        yield (name,), name


class _Reader:
    """Collect variables and remember which layers they came from."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._arrays: Arrays = {}
        self._used: set[str] = set()

    def take(self, name: str, **axes: int) -> list[np.ndarray]:
        """Return the arrays of a layer, named here with their number of axes."""
        if name not in self._layers:
            raise MissingLayerError(f"the layer `{name}` is missing")
        arrays = self._layers[name]
        if [array.ndim for array in arrays] != list(axes.values()):
            expected = ", ".join(f"{part} with {count}" for part, count in axes.items())
            raise ValueError(
                f"the layer `{name}` must hold arrays of so many axes: {expected}; got shapes "
                f"{[array.shape for array in arrays]}"
            )
        self._used.add(name)
        return arrays

    def put(self, *names: str, **arrays: np.ndarray) -> None:
        """Set parameters of a module of the backbone."""
        for part, array in arrays.items():
            self._arrays["params", "backbone", *names, part] = np.asarray(array, np.float32)

    def put_batch_norm(self, name: str, *names: str, shift: np.ndarray | None = None) -> None:
        """Set a BatchNorm; `shift` was in Keras' input and is not in ours."""
        scale, bias, mean, variance = self.take(name, scale=1, bias=1, mean=1, variance=1)
        if shift is not None:
            if shift.shape != mean.shape:
                raise ValueError(
                    f"the layer `{name}` must have the {shift.size} channels of the convolution "
                    f"before it, got {mean.size}"
                )
            mean = mean - shift
        self.put(*names, scale=scale, bias=bias)
        for part, array in {"mean": mean, "var": variance}.items():
            self._arrays["batch_stats", "backbone", *names, part] = np.asarray(array, np.float32)

    def put_head(self) -> None:
        """Set the head if the file has it."""
        if HEAD in self._layers:
            kernel, bias = self.take(HEAD, kernel=2, bias=1)
            self._arrays["params", "head", "kernel"] = kernel
            self._arrays["params", "head", "bias"] = bias

    def unnamed(self, *kinds: str, count: int) -> list[str]:
        """Return the first layers of a kind that Keras numbered, in their order."""
        pattern = re.compile(rf"({'|'.join(kinds)})(?:_(\d+))?")
        matches = [match for name in self._layers if (match := pattern.fullmatch(name))]
        if len(matches) < count:
            raise MissingLayerError(
                f"{count} layers `{kinds[0]}`, `{kinds[0]}_1`, … must be there, got {len(matches)}"
            )
        in_order = sorted(matches, key=lambda match: int(match[2] or 0))
        return [match[0] for match in in_order[:count]]

    def finish(self) -> Converted:
        """Return what was collected."""
        return Converted(self._arrays, frozenset(self._used))
