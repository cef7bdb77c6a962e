from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from superxception_jax.models.build import build_model, classifier_options
from superxception_jax.models.multiply_accumulates import count_multiply_accumulates

OPTIONS = {
    "width_multiplier": 1.0,
    "stem_stride": 1,
    "middle_modules": 8,
    "rematerialization": "none",
    "middle_flow": "scan",
    "momentum": 0.9,
    "dropout_rate": 0.0,
}


def count_network(name, px, classes, **changes):
    options = OPTIONS | changes
    model = build_model(
        name=name,
        classifier={key: options[key] for key in classifier_options(name)},
        super_resolution={},
        classes=classes,
        implementation="plain",
    )
    images = jax.ShapeDtypeStruct((1, px, px, 1), jnp.float32)
    variables = jax.eval_shape(lambda x: model.init(jax.random.key(0), x, train=False), images)
    return count_multiply_accumulates(
        lambda v, x: model.apply(v, x, train=False), variables, images
    )


def test_products_and_convolutions_by_hand():
    x, y = jnp.zeros((2, 3, 5)), jnp.zeros((2, 5, 7))
    assert count_multiply_accumulates(lambda a, b: a @ b, x, y) == 2 * 3 * 5 * 7
    images, kernel = jnp.zeros((2, 9, 9, 6)), jnp.zeros((3, 3, 6, 4))
    layout = ("NHWC", "HWIO", "NHWC")

    def convolve(a, b, **more):
        return lax.conv_general_dilated(a, b, (2, 2), "VALID", dimension_numbers=layout, **more)

    assert count_multiply_accumulates(convolve, images, kernel) == 2 * 4 * 4 * 4 * 3 * 3 * 6
    depthwise = jnp.zeros((3, 3, 1, 6))
    assert (
        count_multiply_accumulates(
            lambda a, b: convolve(a, b, feature_group_count=6), images, depthwise
        )
        == 2 * 4 * 4 * 6 * 3 * 3
    )


def test_loops_count_as_often_as_they_run():
    x = jnp.zeros((4, 4))

    def scanned(x):
        return lax.scan(lambda carry, _: (carry @ x, None), x, length=5)[0]

    assert count_multiply_accumulates(jax.jit(scanned), x) == 5 * 64
    # A loop of known length becomes a scan or a while; either is right or refused.
    with pytest.raises(NotImplementedError, match="unknown length"):
        count_multiply_accumulates(
            lambda a: lax.while_loop(lambda b: b.sum() < 1, lambda b: b @ b, a), x
        )


def test_published_counts():
    # He et al. 2015, table 1: 3.8e9 for ResNet-50 with the stride in the first convolution of a
    # block, at 224 px with three colours and 1000 classes; the first layer is a third here.
    colours = 2 * 112 * 112 * 7 * 7 * 64
    assert count_network("resnet50", 224, 1000) + colours == pytest.approx(3.86e9, rel=0.01)
    # Chollet's Xception, 8.4e9 as counted in the literature.
    colours = 2 * 149 * 149 * 3 * 3 * 32
    assert count_network("xception", 299, 1000) + colours == pytest.approx(8.36e9, rel=0.01)


def test_the_scanned_middle_flow_costs_what_the_unrolled_one_does():
    counts = {count_network("xception", 71, 24, middle_flow=flow) for flow in ("scan", "unrolled")}
    assert len(counts) == 1
