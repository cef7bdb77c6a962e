from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from superxception_jax.models.build import MODELS, build_model

XCEPTION = {
    "classes": 24,
    "width_multiplier": 1.0,
    "middle_modules": 8,
    "middle_flow": "scan",
    "momentum": 0.99,
    "dropout_rate": 0.0,
    "implementation": "fast",
}
SUPER_XCEPTION = {
    **XCEPTION,
    "super_resolution_features": (64, 32),
    "final_activation": "none",
    "skip": "input",
    "initialization": "gaussian",
    "initial_sigma": 0.001,
}
OPTIONS = {"xception": XCEPTION, "super_xception": SUPER_XCEPTION}


def count_parameters(variables):
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


@pytest.mark.parametrize("implementation", ["plain", "fast"])
@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_traces_forward_and_backward_at_227_px(name, implementation):
    model = build_model(name, **{**OPTIONS[name], "implementation": implementation})
    images = jax.ShapeDtypeStruct((2, 227, 227, 1), jnp.float32)
    variables = jax.eval_shape(
        lambda images: model.init(jax.random.key(0), images, train=False), images
    )

    def loss(params, batch_stats, images):
        logits, _ = model.apply(
            {"params": params, "batch_stats": batch_stats},
            images,
            train=True,
            mutable=["batch_stats"],
        )
        return logits.sum(), logits

    gradients, logits = jax.eval_shape(
        jax.grad(loss, has_aux=True), variables["params"], variables["batch_stats"], images
    )
    assert logits.shape == (2, 24)
    assert jax.tree.map(lambda leaf: leaf.shape, gradients) == jax.tree.map(
        lambda leaf: leaf.shape, variables["params"]
    )


def test_super_xception_has_the_stack_more():
    images = jax.ShapeDtypeStruct((1, 50, 50, 1), jnp.float32)
    counts = {
        name: count_parameters(
            jax.eval_shape(
                lambda images, name=name: build_model(name, **OPTIONS[name]).init(
                    jax.random.key(0), images, train=False
                ),
                images,
            )
        )
        for name in MODELS
    }
    # Keras' 20,861,480 with 54,528 statistics, two input channels fewer, 24 classes.
    assert counts["xception"] == 20_861_480 - 54_528 - 2 * 9 * 32 + 2049 * 24
    stack = (81 * 64 + 64) + (25 * 64 * 32 + 32) + (25 * 32 + 1)
    assert counts["super_xception"] == counts["xception"] + stack


def test_unknown_names_get_advice():
    with pytest.raises(ValueError, match=r"got 'super_exception'; did you mean 'super_xception'\?"):
        build_model("super_exception")
    with pytest.raises(ValueError, match=r"`name` must be one of .* got 'vgg'; choose one of them"):
        build_model("vgg")


def test_unknown_and_missing_options_get_advice():
    with pytest.raises(ValueError, match=r"`clases` must be an option .* did you mean 'classes'\?"):
        build_model("xception", clases=24)
    without = {name: value for name, value in XCEPTION.items() if name != "momentum"}
    with pytest.raises(ValueError, match=r"`options` of 'xception' must include \['momentum'\]"):
        build_model("xception", **without)
