from __future__ import annotations

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from superxception_jax.models import resnet
from superxception_jax.models.build import MODELS, build_model, init_variables
from superxception_jax.models.precision import apply_network
from superxception_jax.models.super_resolution import SuperResolution, SuperResolvedClassifier
from superxception_jax.training.compile import CPU_ROUNDING
from tests.models.products import exact_products_of
from tests.models.test_build import CLASSES, options
from tests.quick import QUICK

# Side of the input for each network, in px. The fast forms of all operations are compared with the
# plain ones elsewhere, so that the deep networks are compiled in the plain ones, which is quick.
SIDES = {"alexnet": 67, "deep_cnn": 64, "resnet50": 32, "stripnet": 32, "xception": 40}
FAST = ("alexnet", "deep_cnn", "stripnet")


BATCH = 16


def _build(name, implementation=""):
    chosen = implementation or ("fast" if name in FAST else "plain")
    given = options(name) | {"implementation": chosen}
    wanted = {"width_multiplier": 0.125, "middle_modules": 1, "dropout_rate": 0.0}
    changes = {option: value for option, value in wanted.items() if option in given["classifier"]}
    given["classifier"] = given["classifier"] | changes
    return build_model(name, **given)


def _draw_variables(model, side):
    """Draw variables without compiling the initialisation, which takes seconds."""
    generator = np.random.default_rng(0)

    def draw(path, leaf):
        name = path[-1].key
        if "kernel" not in name:
            return np.full(leaf.shape, float(name in ("scale", "var")), np.float32)
        fan_in = np.prod(leaf.shape[: -1 if len(leaf.shape) != 3 else 2])
        return generator.normal(scale=fan_in**-0.5, size=leaf.shape).astype(np.float32)

    init = functools.partial(init_variables, model, input_px=side)
    shapes = jax.eval_shape(lambda key: init(key=key), jax.random.key(0))
    return jax.tree_util.tree_map_with_path(draw, shapes)


def _angle_cosine(one, other):
    one, other = (
        np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)]) for tree in (one, other)
    )
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.parametrize("name", sorted(SIDES))
def test_every_network_trains_in_bfloat16(name, monkeypatch):
    monkeypatch.setattr(resnet, "STAGES", ((64, 1), (128, 1)))
    model, side = _build(name), SIDES[name]
    # Patches, so that the images differ in more than noise, which BatchNorm would enlarge.
    patches = np.random.default_rng(0).uniform(size=(BATCH, 4, 4, 1))
    enlarged = np.kron(patches, np.ones((1, side // 4 + 1, side // 4 + 1, 1)))[:, :side, :side]
    images = jnp.asarray(enlarged, jnp.float32)

    def loss(params, batch_stats, precision):
        logits, updated = apply_network(
            model,
            {"params": params, "batch_stats": batch_stats},
            images,
            precision=precision,
            train=True,
            mutable=["batch_stats"],
        )
        labels = jnp.arange(len(images))
        return -jax.nn.log_softmax(logits)[labels, labels].mean(), (logits, updated)

    def both(variables):
        form = jax.grad(loss, has_aux=True)
        return [
            form(variables["params"], variables["batch_stats"], one)
            for one in ("float32", "bfloat16")
        ]

    results = jax.jit(both, compiler_options=QUICK | CPU_ROUNDING)(_draw_variables(model, side))
    (gradients, (logits, updated)), half = jax.device_get(results)
    for leaf in jax.tree.leaves(half):
        assert leaf.dtype == np.float32
        assert np.all(np.isfinite(leaf))
    half_gradients, (half_logits, half_updated) = half
    assert half_logits.shape == (BATCH, CLASSES)
    assert 0 < np.linalg.norm(half_logits - logits) < 0.1 * np.linalg.norm(logits)
    assert _angle_cosine(half_gradients, gradients) > 0.9
    jax.tree.map(
        lambda one, two: np.testing.assert_allclose(one, two, rtol=0.05, atol=0.05),
        half_updated,
        updated,
    )


def test_the_stack_restores_in_bfloat16_also_before_the_enlarging():
    stack = SuperResolution((4, 4), "none", "input", "glorot", 0.0, "fast")
    model = SuperResolvedClassifier(stack, _build("stripnet"), enlarged_px=12)
    images = jnp.asarray(np.random.default_rng(0).uniform(size=(4, 8, 8, 1)), jnp.float32)

    def run(precision):
        def loss(variables):
            enhanced = apply_network(
                model, variables, images, precision=precision, method="enhance"
            )
            return jnp.square(enhanced).mean(), enhanced

        variables = model.init(jax.random.key(0), images, method="enhance")
        return jax.grad(loss, has_aux=True)(variables)

    both = jax.jit(lambda: (run("float32"), run("bfloat16")), compiler_options=QUICK | CPU_ROUNDING)
    (gradients, enhanced), (half_gradients, half_enhanced) = jax.device_get(both())
    assert half_enhanced.dtype == np.float32
    assert half_enhanced.shape == (4, 12, 12, 1)
    assert 0 < np.abs(half_enhanced - enhanced).max() < 0.03
    assert _angle_cosine(half_gradients, gradients) > 0.99


@pytest.mark.parametrize("name", sorted(SIDES))
def test_the_last_layer_alone_multiplies_in_float32_in_bfloat16(name, monkeypatch):
    monkeypatch.setattr(resnet, "STAGES", ((64, 1), (128, 1)))
    # Accelerators take the plain forms.
    model, side = _build(name, "plain"), SIDES[name]
    shapes = jax.eval_shape(functools.partial(_draw_variables, model, side))
    images = jax.ShapeDtypeStruct((BATCH, side, side, 1), jnp.float32)

    def loss(variables, images):
        logits = apply_network(
            model, variables, images, precision="bfloat16", train=True, mutable=["batch_stats"]
        )[0]
        return jnp.square(logits).mean(), logits

    def lower(function):
        exported = export.export(jax.jit(function), platforms=("tpu",))
        return exact_products_of(exported(shapes, images).mlir_module())

    head, *others = lower(lambda *arguments: loss(*arguments)[1])
    assert f"tensor<{BATCH}x{CLASSES}xf32>" in head.rpartition("->")[2]
    assert not others
    # Its two gradients are exact like the layer itself.
    assert len(lower(jax.grad(loss, has_aux=True))) == 3


def test_every_classifier_is_tried():
    assert {name.removeprefix("super_") for name in MODELS} == set(SIDES)


def test_unknown_formats_are_refused():
    with pytest.raises(
        ValueError, match=r"`precision` must be one of .* got 'float16'; choose one"
    ):
        apply_network(_build("stripnet"), {}, jnp.zeros((1, 20, 20, 1)), precision="float16")


class _Normalized(nn.Module):
    """A network with a normalisation of Flax."""

    half: bool

    @nn.compact
    def __call__(self, images):
        images = nn.Conv(8, (3, 3))(images)
        images = nn.LayerNorm(dtype=images.dtype if self.half else None)(images)
        return nn.Dense(24, name="head")(nn.Conv(8, (3, 3))(images).mean(axis=(1, 2)))


@pytest.mark.parametrize("half", [True, False])
def test_layers_that_leave_bfloat16_are_refused(half):
    model, images = _Normalized(half), jax.ShapeDtypeStruct((1, 8, 8, 1), jnp.float32)
    variables = jax.eval_shape(model.init, jax.random.key(0), images)

    def run(precision):
        apply = functools.partial(apply_network, model, precision=precision)
        return jax.eval_shape(apply, variables, images)

    assert run("float32").shape == (1, 24)
    if half:
        assert run("bfloat16").dtype == np.float32
    else:
        with pytest.raises(ValueError, match=r"must get features in bfloat16, got float32: "):
            run("bfloat16")


def test_a_last_layer_of_another_name_is_refused():
    model = nn.Dense(24, name="classifier")
    variables = {"params": {"classifier": {"kernel": jnp.zeros((4, 24)), "bias": jnp.zeros(24)}}}
    with pytest.raises(ValueError, match=r"must be called `head`.* got classifier; rename it"):
        apply_network(model, variables, jnp.zeros((1, 4)), precision="bfloat16")
