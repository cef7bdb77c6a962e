from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.xception import MINIMUM_PX, Xception
from tests.quick import QUICK

TINY: dict[str, Any] = {
    "classes": 4,
    "width_multiplier": 0.01,
    "middle_modules": 2,
    "middle_flow": "scan",
    "momentum": 0.5,
    "dropout_rate": 0.5,
    "implementation": "fast",
}


def draw_images(size=33):
    return jnp.asarray(np.random.default_rng(0).uniform(size=(3, size, size, 1)), jnp.float32)


def shapes_of(size=71, **options):
    model = Xception(**{**TINY, **options})
    return jax.eval_shape(
        lambda: model.init(jax.random.key(0), jnp.zeros((1, size, size, 1)), train=False)
    )


def tiny_variables():
    """Draw variables by numpy, which compiles nothing; variances must be positive."""
    generator = np.random.default_rng(0)
    return jax.tree.map(
        lambda leaf: generator.uniform(0.5, 1.0, leaf.shape).astype(np.float32), shapes_of(size=33)
    )


def test_train_uses_dropout_and_batch_statistics():
    model, variables = Xception(**TINY), tiny_variables()

    @functools.partial(jax.jit, compiler_options=QUICK)
    def step(variables, images, key):
        evaluation = model.apply(variables, images, train=False)
        trained, state = model.apply(
            variables, images, train=True, mutable=["batch_stats"], rngs={"dropout": key}
        )
        return evaluation, trained, state["batch_stats"]

    evaluation, first, statistics = step(variables, draw_images(), jax.random.key(1))
    _, again, _ = step(variables, draw_images(), jax.random.key(1))
    _, second, _ = step(variables, draw_images(), jax.random.key(2))
    assert evaluation.shape == (3, 4)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, second)
    assert not np.allclose(evaluation, first)
    jax.tree.map(
        lambda old, new: np.testing.assert_array_less(0, np.abs(np.asarray(old) - new).max()),
        variables["batch_stats"],
        statistics,
    )


def test_width_and_depth_change_the_parameters():
    half = shapes_of(width_multiplier=0.5, middle_modules=3)["params"]
    backbone = half["backbone"]
    assert backbone["block1_conv1"]["kernel"].shape == (3, 3, 1, 16)
    middle = backbone["middle_flow"]["blocks"]["block"]
    assert middle["sepconv3"]["pointwise_kernel"].shape == (3, 368, 368)
    assert half["head"]["kernel"].shape == (1024, 4)
    tiny = shapes_of()["params"]["backbone"]
    assert tiny["block4"]["sepconv2"]["pointwise_kernel"].shape == (8, 8)


@pytest.mark.parametrize("size", [MINIMUM_PX, MINIMUM_PX + 1, 50])
def test_any_size_from_the_minimum_traces(size):
    assert shapes_of(size=size)["params"]["head"]["kernel"].shape == (24, 4)


def test_wrong_attributes_and_images_are_named():
    with pytest.raises(ValueError, match=f"at least {MINIMUM_PX} px high and wide, got 6×6"):
        shapes_of(size=6)
    with pytest.raises(ValueError, match="`width_multiplier` must be positive, got 0"):
        shapes_of(width_multiplier=0)
