from __future__ import annotations

import pytest

from superxception_jax.models.ops import dispatch as ops
from tests.models.ops.forms import compare_forms, draw


@pytest.mark.parametrize(("shape", "stride"), [((1, 5, 5, 3), 1), ((3, 4, 7, 8), 2)])
def test_pointwise_forms_agree(shape, stride):
    def operation(x, kernel, implementation):
        return ops.pointwise_convolution(x, kernel, stride=stride, implementation=implementation)

    compare_forms(operation, draw(*shape), draw(shape[-1], 6, seed=1))
