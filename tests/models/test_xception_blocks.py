from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.layers import scaled_width
from superxception_jax.models.xception_blocks import MiddleFlow, SeparableBlock
from tests.quick import QUICK

MODULES = 2
IMAGES = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 4, 8)), jnp.float32)


def middle_flow(form, modules=MODULES, activations="kept"):
    return MiddleFlow((8, 8, 8), modules, form, 0.5, activations, implementation="fast")


def init(module):
    def draw(key):
        return module.init(key, IMAGES, train=False)

    return jax.device_get(jax.jit(draw, compiler_options=QUICK)(jax.random.key(0)))


def test_scan_equals_unrolled():
    scanned, unrolled = middle_flow("scan"), middle_flow("unrolled")

    variables = init(scanned)
    first, second = variables["params"]["blocks"]["block"]["sepconv1"]["pointwise_kernel"]
    assert not np.array_equal(first, second)

    def split(tree):
        stacked = tree["blocks"]["block"]
        return {
            f"block{index + 5}": jax.tree.map(lambda leaf, index=index: leaf[index], stacked)
            for index in range(MODULES)
        }

    def run(model, variables):
        return model.apply(variables, IMAGES, train=True, mutable=["batch_stats"])

    def both(variables):
        separate = {name: split(tree) for name, tree in variables.items()}
        y, state = run(scanned, variables)
        return (y, split(state["batch_stats"])), run(unrolled, separate)

    (y, statistics), (expected, state) = jax.jit(both, compiler_options=QUICK)(variables)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)
    jax.tree.map(
        lambda one, two: np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4),
        statistics,
        state["batch_stats"],
    )


@pytest.mark.parametrize("form", ["scan", "unrolled"])
def test_recomputed_activations_change_no_value_and_no_name(form):
    kept, recomputed = middle_flow(form, 1), middle_flow(form, 1, activations="recomputed")
    shapes = jax.eval_shape(lambda: kept.init(jax.random.key(0), IMAGES, train=False))
    assert shapes == jax.eval_shape(lambda: recomputed.init(jax.random.key(0), IMAGES, train=False))
    generator = np.random.default_rng(1)
    variables = jax.tree.map(
        lambda leaf: generator.uniform(0.5, 1.0, leaf.shape).astype(np.float32), shapes
    )

    def gradient_of(model):
        def loss(params, batch_stats):
            y, updated = model.apply(
                {"params": params, "batch_stats": batch_stats},
                IMAGES,
                train=True,
                mutable=["batch_stats"],
            )
            return jnp.square(y).sum(), updated

        return jax.grad(loss, has_aux=True)

    programs = [
        str(jax.make_jaxpr(gradient_of(model))(variables["params"], variables["batch_stats"]))
        for model in (kept, recomputed)
    ]
    assert ["prevent_cse" in program for program in programs] == [False, True]
    both = jax.jit(
        lambda given: [gradient_of(model)(*given) for model in (kept, recomputed)],
        compiler_options=QUICK,
    )
    # The statistics too: updated once, although the block is computed twice.
    expected, found = both((variables["params"], variables["batch_stats"]))
    jax.tree.map(
        lambda one, two: np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-4),
        expected,
        found,
    )


def test_projection_halves_and_identity_adds():
    for shortcut, expected in (("projection", (2, 3, 2, 8)), ("identity", (2, 5, 4, 8))):
        block = SeparableBlock((16, 8), "relu", shortcut, momentum=0.5, implementation="fast")
        y, variables = jax.eval_shape(
            lambda block=block: block.init_with_output(jax.random.key(0), IMAGES, train=False)
        )
        assert y.shape == expected
        assert ("residual" in variables["params"]) == (shortcut == "projection")


def test_identity_block_with_zero_scale_returns_its_input():
    block = SeparableBlock((8,), "relu", "identity", momentum=0.5, implementation="fast")
    variables = init(block)
    variables["params"]["sepconv1_bn"]["scale"] = np.zeros(8, np.float32)
    np.testing.assert_array_equal(block.apply(variables, IMAGES, train=False), IMAGES)


def test_leading_relu_hides_negative_values_from_the_convolutions():
    outputs = []
    for leading_relu in ("relu", "none"):
        block = SeparableBlock((8,), leading_relu, "identity", momentum=0.5, implementation="plain")
        variables = init(block)
        negative = -jnp.abs(IMAGES)
        outputs.append(np.asarray(block.apply(variables, negative, train=False)) - negative)
    assert not outputs[0].any()
    assert np.abs(outputs[1]).max() > 0.1


@pytest.mark.parametrize(
    ("channels", "multiplier", "expected"),
    [(728, 1.0, 728), (728, 0.5, 368), (32, 0.01, 8), (32, 0.35, 8), (32, 0.4, 16), (64, 2.0, 128)],
)
def test_scaled_width_is_a_multiple_of_8(channels, multiplier, expected):
    assert scaled_width(channels, width_multiplier=multiplier) == expected


def test_wrong_attributes_are_named():
    with pytest.raises(ValueError, match=r"`middle_flow` must be \"scan\" .* got 'loop'"):
        middle_flow("loop").init(jax.random.key(0), IMAGES, train=False)
    with pytest.raises(ValueError, match="`middle_modules` must be at least 1, got 0"):
        middle_flow("scan", modules=0).init(jax.random.key(0), IMAGES, train=False)
    with pytest.raises(ValueError, match="`width_multiplier` must be positive, got 0"):
        scaled_width(8, width_multiplier=0)
