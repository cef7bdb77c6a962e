from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from superxception_jax.models.build import build_model
from superxception_jax.models.multiply_accumulates import count_multiply_accumulates
from superxception_jax.training.flops import (
    count_flops,
    model_flops_per_image,
    utilization_per_image_rate,
)


def _convolve(stride, padding, groups):
    def convolve(x, kernel):
        return lax.conv_general_dilated(
            x,
            kernel,
            (stride, stride),
            padding,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups,
        )

    return convolve


@pytest.mark.parametrize(
    ("kernel_px", "stride", "padding", "groups"),
    [
        (3, 1, "SAME", 1),
        (3, 2, "VALID", 1),
        (1, 2, "SAME", 1),
        (3, 1, "SAME", 6),
        (3, 2, "SAME", 6),
    ],
)
def test_gradients_of_convolutions_count_as_in_xla(kernel_px, stride, padding, groups):
    convolve = _convolve(stride, padding, groups)
    x = jax.ShapeDtypeStruct((2, 9, 9, 6), jnp.float32)
    kernel = jax.ShapeDtypeStruct((kernel_px, kernel_px, 6 // groups, 6), jnp.float32)
    cotangent = jax.eval_shape(convolve, x, kernel)

    def three_passes(x, kernel, cotangent):
        outputs, pull_back = jax.vjp(convolve, x, kernel)
        return outputs, pull_back(cotangent)

    counted = count_flops(three_passes, x, kernel, cotangent)
    stated = jax.jit(three_passes).lower(x, kernel, cotangent).cost_analysis()
    assert stated is not None
    # Nothing but three convolutions, and a transposition of the kernel.
    assert counted == pytest.approx(stated["flops"], rel=0.02)
    # Without padding, each pass costs what the convolution does.
    if padding == "VALID":
        assert counted == 3 * count_flops(convolve, x, kernel)


def test_a_network_costs_three_forward_passes():
    model = build_model(
        name="deep_cnn",
        classes=24,
        implementation="plain",
        classifier={"width_multiplier": 0.125, "dropout_rate": 0.0},
        super_resolution={},
    )
    images = jnp.zeros((1, 64, 64, 1))
    variables = jax.eval_shape(lambda: model.init(jax.random.key(0), images, train=False))
    forward = count_flops(lambda v, x: model.apply(v, x, train=False), variables, images)
    whole = model_flops_per_image(
        count_multiply_accumulates(lambda v, x: model.apply(v, x, train=False), variables, images)
    )
    # The publications count the taps on padding too.
    assert 3 * forward <= whole < 3.6 * forward


def test_utilization_by_hand():
    share = utilization_per_image_rate(
        45e9, device_kind="TPU v5 lite", devices=4, precision="bfloat16"
    )
    assert share == pytest.approx(45e9 / (4 * 197e12))
    assert (
        utilization_per_image_rate(45e9, device_kind="cpu", devices=4, precision="float32") == 0.0
    )
