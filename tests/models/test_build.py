from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.models.build import (
    MODELS,
    build_model,
    classifier_options,
    has_super_resolution,
    init_variables,
)

CLASSES = 24
INPUT_PX = 227
# Of all classifiers; each takes what it names.
CLASSIFIER = {
    "width_multiplier": 1.0,
    "stem_stride": 1,
    "middle_modules": 8,
    "rematerialization": "none",
    "middle_flow": "scan",
    "momentum": 0.99,
    "dropout_rate": 0.5,
}
STACK = {
    "features": (64, 32),
    "final_activation": "none",
    "skip": "input",
    "initialization": "gaussian",
    "initial_sigma": 0.001,
    "enlarged_px": INPUT_PX,
}
# Without the head: Krizhevsky et al. for one channel, Keras' counts without statistics,
# the biases of ResNet's convolutions and two of three input channels.
PARAMETERS = {
    "alexnet": 60_965_224 - 4097 * 1000 - 2 * 121 * 96,
    "resnet50": 25_557_032 - 2049 * 1000 - 2 * 49 * 64,
    "xception": 20_861_480 - 54_528 - 2 * 9 * 32,
}
FEATURES = {
    "alexnet": 4096,
    "resnet50": 2048,
    "xception": 2048,
    "deep_cnn": 512,
    "stripnet": 29 * 128,
}
STACK_PARAMETERS = (81 * 64 + 64) + (25 * 64 * 32 + 32) + (25 * 32 + 1)


def options(name):
    return {
        "classes": CLASSES,
        "implementation": "fast",
        "classifier": {option: CLASSIFIER[option] for option in classifier_options(name)},
        "super_resolution": STACK if has_super_resolution(name) else {},
    }


def init_shapes(model, size=INPUT_PX):
    images = jax.ShapeDtypeStruct((2, size, size, 1), jnp.float32)
    return jax.eval_shape(
        lambda images: model.init(jax.random.key(0), images, train=False), images
    ), images


@pytest.mark.parametrize("implementation", ["plain", "fast"])
@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_traces_at_227_px(name, implementation):
    model = build_model(name, **{**options(name), "implementation": implementation})
    variables, images = init_shapes(model)

    def predict(variables, images):
        return model.apply(
            variables,
            images,
            train=True,
            mutable=["batch_stats"],
            rngs={"dropout": jax.random.key(1)},
        )[0]

    assert jax.eval_shape(predict, variables, images).shape == (2, CLASSES)
    params = variables["params"]
    head = params.get("classifier", params)["head"]
    assert head["kernel"].shape == (FEATURES[name.removeprefix("super_")], CLASSES)


def count_parameters(name):
    variables, _ = init_shapes(build_model(name, **options(name)))
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_parameter_counts(name):
    expected = PARAMETERS[name] + (FEATURES[name] + 1) * CLASSES
    assert count_parameters(name) == expected
    assert count_parameters(f"super_{name}") == expected + STACK_PARAMETERS


def test_a_network_with_the_stack_enlarges_what_arrives_smaller():
    model = build_model("super_xception", **options("super_xception"))
    variables, _ = init_shapes(model, size=50)
    images = jax.ShapeDtypeStruct((2, 50, 50, 1), jnp.float32)
    enhanced = jax.eval_shape(
        lambda variables, images: model.apply(variables, images, method="enhance"),
        variables,
        images,
    )
    assert enhanced.shape == (2, INPUT_PX, INPUT_PX, 1)


def test_options_follow_from_the_network():
    assert classifier_options("xception") == classifier_options("super_xception")
    assert set(classifier_options("xception")) | {"stem_stride"} == set(CLASSIFIER)
    assert "stem_stride" in classifier_options("stripnet")
    assert classifier_options("resnet50") == ("dropout_rate", "momentum", "width_multiplier")
    assert classifier_options("deep_cnn") == ("dropout_rate", "width_multiplier")
    assert [name for name in MODELS if has_super_resolution(name)] == [
        name for name in MODELS if name.startswith("super_")
    ]


def test_unknown_names_get_advice():
    with pytest.raises(ValueError, match=r"got 'super_exception'; did you mean 'super_xception'\?"):
        build_model("super_exception", **options("super_xception"))
    with pytest.raises(ValueError, match=r"`name` must be one of .* got 'vgg'; choose one of them"):
        classifier_options("vgg")


def changed(name, part, without=(), **more):
    given = options(name)
    kept = {option: value for option, value in given[part].items() if option not in without}
    return {**given, part: kept | more}


def test_unknown_options_get_advice():
    with pytest.raises(
        ValueError,
        match=r"`classifier` of `xception` must have options of .*, got 'momentun'; "
        r"did you mean 'momentum'\?",
    ):
        build_model("xception", **changed("xception", "classifier", momentun=0.9))
    with pytest.raises(ValueError, match=r"`classifier` of `alexnet` .*got 'momentum'; choose one"):
        build_model("alexnet", **changed("alexnet", "classifier", momentum=0.9))
    with pytest.raises(ValueError, match=r"`super_resolution` of `super_xception` .*'skip'\?"):
        build_model("super_xception", **changed("super_xception", "super_resolution", skips="no"))
    with pytest.raises(ValueError, match=r"`super_resolution` of `xception` .*got 'skip'"):
        build_model("xception", **changed("xception", "super_resolution", skip="none"))


def test_missing_options_are_named():
    with pytest.raises(
        ValueError, match=r"`classifier` of `resnet50` must include \['momentum'\]; give their"
    ):
        build_model("resnet50", **changed("resnet50", "classifier", without=("momentum",)))
    with pytest.raises(
        ValueError, match=r"`super_resolution` of `super_alexnet` must include \['enlarged_px', 's"
    ):
        build_model(
            "super_alexnet",
            **changed("super_alexnet", "super_resolution", without=("enlarged_px", "skip")),
        )


class _Linear(nn.Module):
    normalized: bool

    @nn.compact
    def __call__(self, images, *, train):
        if self.normalized:
            images = nn.BatchNorm(use_running_average=not train)(images)
        return nn.Dense(CLASSES, name="head")(images.reshape(len(images), -1))


def test_variables_are_drawn_from_the_key_and_batch_stats_may_be_empty():
    one, again, other = (
        init_variables(_Linear(normalized=False), key=jax.random.key(seed), input_px=4)
        for seed in (0, 0, 1)
    )
    assert one["params"]["head"]["kernel"].shape == (16, CLASSES)
    assert one["batch_stats"] == {}
    jax.tree.map(np.testing.assert_array_equal, one, again)
    assert (one["params"]["head"]["kernel"] != other["params"]["head"]["kernel"]).any()
    normalized = init_variables(_Linear(normalized=True), key=jax.random.key(0), input_px=4)
    assert set(normalized["batch_stats"]["BatchNorm_0"]) == {"mean", "var"}
