from __future__ import annotations

import jax
import numpy as np
import pytest

from superxception_jax.models.keras.convert import (
    MissingLayerError,
    convert_resnet50,
    convert_xception,
)
from tests.models.keras.networks import (
    keras_resnet,
    keras_xception,
    layers_of,
    shared_variables,
)


def number(name):
    return int(name.rpartition("_")[2]) if name[-1].isdigit() and "_" in name else 0


@pytest.mark.parametrize(
    ("first", "names"),
    [
        (0, ("conv2d", "batch_normalization")),
        (8, ("conv2d", "batch_normalization")),
        (1, ("convolution2d", "batchnormalization")),
    ],
)
def test_shortcuts_are_taken_in_the_order_of_their_numbers(first, names):
    shared_variables()
    layers = layers_of(keras_xception())
    renamed = dict(layers)
    for kind, new in zip(("conv2d", "batch_normalization"), names, strict=True):
        unnamed = sorted((name for name in layers if name.startswith(kind)), key=number)
        assert len(unnamed) == 4
        arrays = [renamed.pop(name) for name in unnamed]
        numbers = range(first, first + 4)
        # The file's own order, as that of the letters, is another: conv2d_10 before conv2d_9.
        for index, values in reversed(list(zip(numbers, arrays, strict=True))):
            renamed[f"{new}_{index}" if index else new] = values
    expected, converted = convert_xception(layers), convert_xception(renamed)
    jax.tree.map(np.testing.assert_array_equal, converted.arrays, expected.arrays)
    assert converted.used == set(renamed)


def test_layers_that_differ_are_named():
    layers = layers_of(keras_resnet())
    conv, norm = layers["conv1_conv"], layers["conv1_bn"]

    def convert(**changed):
        return convert_resnet50(layers | changed)

    with pytest.raises(
        ValueError, match=r"`conv1_conv` must hold arrays with these numbers .* kernel 4, bias 1"
    ):
        convert(conv1_conv=conv[:1])
    with pytest.raises(ValueError, match=r"`conv1_conv` must take three colours"):
        convert(conv1_conv=[conv[0][:, :, :1], conv[1]])
    with pytest.raises(ValueError, match=r"`conv1_bn` must have the 64 channels"):
        convert(conv1_bn=[array[:32] for array in norm])
    with pytest.raises(ValueError, match=r"ResNet-50 only, also got `conv4_block7_1_conv`"):
        convert(conv4_block7_1_conv=layers["conv4_block6_1_conv"])
    with pytest.raises(MissingLayerError, match=r"the layer `conv3_block2_2_bn` is missing"):
        convert_resnet50({n: v for n, v in layers.items() if n != "conv3_block2_2_bn"})
    layers = {n: v for n, v in layers_of(keras_xception()).items() if not n.startswith("conv2d")}
    with pytest.raises(MissingLayerError, match=r"must be 4 layers `conv2d`, `conv2d_1`, …, got 0"):
        convert_xception(layers)
