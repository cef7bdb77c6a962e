from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from superxception_jax.models.xception import MINIMUM_PX, Xception
from tests.models.keras.networks import (
    XCEPTION_PX,
    keras_weight,
    keras_xception,
    make_xception,
    shared_variables,
    stack_middle,
)
from tests.quick import QUICK

TINY: dict[str, Any] = {
    "classes": 4,
    "width_multiplier": 0.01,
    "middle_modules": 2,
    "rematerialization": "none",
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


@pytest.mark.parametrize(("choice", "blocks"), [("none", 0), ("middle_flow", 2), ("blocks", 6)])
def test_rematerialization_covers_the_chosen_blocks(choice, blocks):
    model = Xception(**{**TINY, "rematerialization": choice, "middle_flow": "unrolled"})
    variables = shapes_of(size=33, rematerialization=choice, middle_flow="unrolled")
    assert variables == shapes_of(size=33, middle_flow="unrolled")

    def features(variables, images):
        return model.apply(variables, images, train=False, method="features")

    program = jax.make_jaxpr(features)(variables, jnp.zeros((1, 33, 33, 1)))
    assert str(program).count("prevent_cse") == blocks


def test_an_unknown_rematerialization_is_refused():
    with pytest.raises(ValueError, match=r"`rematerialization` must be one of .* got 'all'"):
        shapes_of(rematerialization="all", size=33)


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


@functools.cache
def colour_images():
    return (
        np.random.default_rng(1).uniform(size=(2, XCEPTION_PX, XCEPTION_PX, 3)).astype(np.float32)
    )


@functools.cache
def keras_outputs(train):
    """Return pooled features, logits, and the state after the step."""
    model = keras_xception()
    both = keras.Model(model.inputs, [model.get_layer("avg_pool").output, *model.outputs])
    call = functools.partial(both.stateless_call, training=train)
    with jax.numpy_rank_promotion("allow"):
        (features, logits), state = jax.jit(call, compiler_options=QUICK)(
            [variable.value for variable in both.trainable_variables],
            [variable.value for variable in both.non_trainable_variables],
            2.0 * colour_images() - 1.0,
        )
    names = [variable.path for variable in both.non_trainable_variables]
    return np.asarray(features), np.asarray(logits), dict(zip(names, state, strict=True))


def network_outputs(middle_flow, train):
    model, _ = make_xception(middle_flow)
    variables = {name: dict(tree) for name, tree in shared_variables().items()}
    if middle_flow == "scan":
        variables = {name: stack_middle(tree) for name, tree in variables.items()}

    def features_and_logits(module, images):
        features = module.features(images, train=train)
        return features, module.head(features)

    def call(variables, images):
        return model.apply(variables, images, method=features_and_logits, mutable=["batch_stats"])

    return jax.jit(call, compiler_options=QUICK)(variables, colour_images())


def test_inference_equals_keras():
    shared_variables()
    features, logits, _ = keras_outputs(False)
    (found_features, found_logits), _ = network_outputs("scan", False)
    assert features.std() > 0.01
    np.testing.assert_allclose(found_features, features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found_logits, logits, rtol=1e-4, atol=1e-4)


def test_training_mode_equals_keras():
    shared_variables()
    features, logits, keras_state = keras_outputs(True)
    (found_features, found_logits), found_state = network_outputs("unrolled", True)
    np.testing.assert_allclose(found_features, features, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found_logits, logits, rtol=1e-4, atol=1e-3)

    def compare(path, value):
        expected = keras_state[keras_weight(path).path]
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)

    jax.tree_util.tree_map_with_path(compare, found_state)


@pytest.mark.parametrize("middle_flow", ["scan", "unrolled"])
def test_published_parameter_counts(middle_flow):
    model, _ = make_xception(middle_flow)
    shapes = jax.eval_shape(
        lambda: model.clone(classes=1000).init(
            jax.random.key(0), jnp.zeros((1, 299, 299, 3)), train=False
        )
    )

    def count(tree):
        return sum(leaf.size for leaf in jax.tree.leaves(tree))

    # Keras publishes 22,910,480 = trainable 22,855,952 + BatchNorm statistics 54,528.
    assert count(shapes["params"]) == 22_855_952
    assert count(shapes["batch_stats"]) == 54_528
    without_top = count(shapes["params"]["backbone"]) + count(shapes["batch_stats"])
    assert without_top == 20_861_480
