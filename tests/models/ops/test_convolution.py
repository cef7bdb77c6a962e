from __future__ import annotations

import pytest

from superxception_jax.models.ops import dispatch as ops
from tests.models.ops.forms import compare_forms, draw


@pytest.mark.parametrize(
    ("shape", "size", "features", "stride", "padding"),
    [
        ((3, 9, 8, 1), 9, 4, 1, "SAME"),  # the first of the super-resolution stack
        ((2, 7, 8, 9), 5, 3, 1, "SAME"),
        ((1, 6, 7, 6), 4, 8, 1, "SAME"),  # an even window pads one side more
        ((1, 6, 7, 6), 5, 8, 1, "VALID"),
        ((3, 7, 9, 1), 3, 4, 2, "VALID"),  # the first convolution of Xception
        ((1, 8, 8, 2), 3, 3, 2, "VALID"),  # the last row and column are never read
        ((2, 9, 10, 16), 3, 5, 2, "SAME"),
        ((1, 23, 15, 2), 11, 3, 4, "VALID"),  # the first convolution of AlexNet
        ((3, 7, 6, 26), 5, 1, 1, "SAME"),  # one feature, more channels than taps
        ((2, 6, 9, 17), 4, 1, 1, "SAME"),
        ((2, 6, 9, 9), 3, 1, 1, "VALID"),
        ((2, 7, 6, 8), 3, 1, 1, "SAME"),  # one feature, fewer channels than taps
        ((2, 7, 8, 9), 3, 1, 2, "SAME"),  # one feature, but a stride
    ],
)
def test_convolution_forms_agree(shape, size, features, stride, padding):
    def operation(x, kernel, implementation):
        return ops.convolution(
            x, kernel, stride=stride, padding=padding, implementation=implementation
        )

    compare_forms(operation, draw(*shape), draw(size, size, shape[-1], features, seed=1))
