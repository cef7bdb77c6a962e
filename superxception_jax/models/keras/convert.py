"""Conversion of the weights of Keras' Xception and ResNet-50 to this project's variables.

Keras' networks take three colours, this project's take grey values. Grey in [0, 1] corresponds to a
colour image with three equal channels, so the kernels of the first layer are summed over their
input channels.

The conversions raise `MissingLayerError` for a missing layer, and `ValueError` for a layer whose
arrays don't fit the network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from superxception_jax.models.resnet import STAGES
from superxception_jax.models.xception_blocks import FIRST_MIDDLE_BLOCK

Layers = Mapping[str, list[np.ndarray]]
# Path of a variable: its collection, the names of its modules, its own name.
Arrays = dict[tuple[str, ...], np.ndarray]

MIDDLE_MODULES = 8
HEAD = "predictions"
# Means of blue, green and red over ImageNet, 0..255, which Keras subtracts.
CAFFE_MEANS = np.array([103.939, 116.779, 123.68], np.float64)
_BLOCK = re.compile(r"conv\d+_block\d+_\d_(conv|bn)")


@dataclass(frozen=True)
class Converted:
    """The variables that a file contains.

    Attributes:
        arrays: Variables by path, with the middle flow unrolled; the head only if the file has it.
        used: Names of the layers of the file that they come from.
    """

    arrays: Arrays
    used: frozenset[str]


class MissingLayerError(ValueError):
    """The file lacks a layer of the network."""


def convert_xception(layers: Layers) -> Converted:
    """Convert the weights of `keras.applications.Xception`.

    For a grey image in [0, 1] the features equal those of Keras for the image with three equal
    channels, scaled by `keras.applications.xception.preprocess_input`.

    Args:
        layers: Arrays by name of the layer, as in `read_keras_file`. The four shortcuts, which
            Keras doesn't name, are identified by their numbers.

    Returns:
        The variables.
    """
    conversion = _Conversion(layers)
    stem = conversion.take("block1_conv1", kernel=4)[0]
    conversion.put("block1_conv1", kernel=stem.sum(axis=2, keepdims=True))
    conversion.put("block1_conv2", kernel=conversion.take("block1_conv2", kernel=4)[0])
    for name in ("block1_conv1_bn", "block1_conv2_bn"):
        conversion.put_batch_norm(name, name)
    for names, name in _separable_convolutions():
        depthwise, pointwise = conversion.take(name, depthwise=4, pointwise=4)
        conversion.put(*names, depthwise_kernel=depthwise[..., 0], pointwise_kernel=pointwise[0, 0])
        conversion.put_batch_norm(f"{name}_bn", *names[:-1], f"{names[-1]}_bn")
    blocks = ("block2", "block3", "block4", "block13")
    shortcuts = conversion.unnamed("conv2d", "convolution2d", count=len(blocks))
    normalizations = conversion.unnamed(
        "batch_normalization", "batchnormalization", count=len(blocks)
    )
    for block, shortcut, normalization in zip(blocks, shortcuts, normalizations, strict=True):
        conversion.put(block, "residual", kernel=conversion.take(shortcut, kernel=4)[0])
        conversion.put_batch_norm(normalization, block, "residual_bn")
    conversion.put_head()
    return conversion.finish()


def convert_resnet50(layers: Layers) -> Converted:
    """Convert the weights of `keras.applications.ResNet50`.

    Keras' preprocessing (`caffe`: 0..255, minus the mean of each colour) becomes part of the kernel
    and the BatchNorm of the first layer; both are affine, so this is exact. For a grey image the
    first layer then gives the same values as Keras' for three equal channels wherever its 7×7
    window lies within the image; at the border Keras pads with the mean colour, this project with
    medium grey. The biases of the convolutions are subtracted from the means of the following
    BatchNorm.

    Args:
        layers: Arrays by name of the layer, as in `read_keras_file`.

    Returns:
        The variables.

    Raises:
        ValueError: The first layer doesn't take three colours, or there are more blocks than in
            ResNet-50.
    """
    conversion = _Conversion(layers)
    kernel, bias = conversion.take("conv1_conv", kernel=4, bias=1)
    if kernel.shape[2] != len(CAFFE_MEANS):
        raise ValueError(
            f"the layer `conv1_conv` must take three colours, got a kernel of shape {kernel.shape}"
        )
    # The input here is x = 2·grey − 1; Keras' is 255·grey − mean = 127.5·x + (127.5 − mean).
    conversion.put("conv1", kernel=127.5 * kernel.sum(axis=2, keepdims=True))
    offset = np.einsum("hwio,i->o", kernel.astype(np.float64), 127.5 - CAFFE_MEANS)
    conversion.put_batch_norm("conv1_bn", "bn1", shift=bias + offset)
    for stage, (_, blocks) in enumerate(STAGES, 2):
        for block in range(1, blocks + 1):
            name = f"conv{stage}_block{block}"
            for number in range(0 if block == 1 else 1, 4):
                kernel, bias = conversion.take(f"{name}_{number}_conv", kernel=4, bias=1)
                conversion.put(name, f"conv{number}", kernel=kernel)
                conversion.put_batch_norm(f"{name}_{number}_bn", name, f"bn{number}", shift=bias)
    conversion.put_head()
    converted = conversion.finish()
    more = [name for name in layers if _BLOCK.fullmatch(name) and name not in converted.used]
    if more:
        raise ValueError(
            f"the network must have the blocks of ResNet-50 only, also got `{more[0]}`"
        )
    return converted


CONVERSIONS: dict[str, Callable[[Layers], Converted]] = {
    "xception": convert_xception,
    "resnet50": convert_resnet50,
}


def _separable_convolutions() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path in this project's network and the name in Keras'."""
    for block in ("block2", "block3", "block4", "block13"):
        for name in ("sepconv1", "sepconv2"):
            yield (block, name), f"{block}_{name}"
    for module in range(MIDDLE_MODULES):
        block = f"block{module + FIRST_MIDDLE_BLOCK}"
        for name in ("sepconv1", "sepconv2", "sepconv3"):
            yield ("middle_flow", block, name), f"{block}_{name}"
    for name in ("block14_sepconv1", "block14_sepconv2"):
        yield (name,), name


class _Conversion:
    """The variables converted so far, and the layers that they come from."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._arrays: Arrays = {}
        self._used: set[str] = set()

    def take(self, name: str, **axes: int) -> list[np.ndarray]:
        """Return the arrays of a layer, given the number of axes of each."""
        if name not in self._layers:
            raise MissingLayerError(f"the layer `{name}` is missing")
        arrays = self._layers[name]
        if [array.ndim for array in arrays] != list(axes.values()):
            expected = ", ".join(f"{part} {count}" for part, count in axes.items())
            raise ValueError(
                f"the layer `{name}` must hold arrays with these numbers of axes: {expected}; got "
                f"shapes {[array.shape for array in arrays]}"
            )
        self._used.add(name)
        return arrays

    def put(self, *names: str, **arrays: np.ndarray) -> None:
        """Set the parameters of a module of the backbone."""
        for part, array in arrays.items():
            self._arrays["params", "backbone", *names, part] = np.asarray(array, np.float32)

    def put_batch_norm(self, name: str, *names: str, shift: np.ndarray | None = None) -> None:
        """Set a BatchNorm; `shift` is the part of Keras' input that is absent here."""
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
        """Return the first layers of a kind that Keras numbers, in order."""
        pattern = re.compile(rf"({'|'.join(kinds)})(?:_(\d+))?")
        matches = [match for name in self._layers if (match := pattern.fullmatch(name))]
        if len(matches) < count:
            raise MissingLayerError(
                f"there must be {count} layers `{kinds[0]}`, `{kinds[0]}_1`, …, got {len(matches)}"
            )
        in_order = sorted(matches, key=lambda match: int(match[2] or 0))
        return [match[0] for match in in_order[:count]]

    def finish(self) -> Converted:
        """Return the variables and the names of the layers used."""
        return Converted(self._arrays, frozenset(self._used))
