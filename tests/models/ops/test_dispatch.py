from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from superxception_jax.models.ops import depthwise
from superxception_jax.models.ops import dispatch as ops
from tests.models.ops.forms import draw
from tests.quick import QUICK


def all_operations(x, kernels):
    """Chain all fast forms, so that one compilation checks their sharding."""
    y = ops.convolution(x, kernels["dense"], stride=1, padding="SAME", implementation="fast")
    y, statistics = ops.normalize_batch(
        y,
        kernels["scale"],
        kernels["bias"],
        epsilon=1e-3,
        activation="relu",
        implementation="fast",
    )
    y = ops.depthwise_convolution(y, kernels["depthwise"], implementation="fast")
    y = ops.max_pool(y, padding="SAME", implementation="fast")
    y = ops.pointwise_convolution(y, kernels["pointwise"], stride=2, implementation="fast")
    y = ops.add_bias(y, kernels["offset"], activation="relu", implementation="fast")
    y = ops.convolution(y, kernels["narrow"], stride=1, padding="SAME", implementation="fast")
    return jnp.square(y).sum(), statistics


@pytest.mark.parametrize("cached_bytes", [0, 1 << 30])
def test_fast_forms_do_not_depend_on_the_number_of_devices(cached_bytes, monkeypatch):
    monkeypatch.setattr(depthwise, "CACHED_BYTES", cached_bytes)
    x = draw(8, 9, 9, 6)
    kernels = {
        "dense": draw(5, 5, 6, 8, seed=1),
        "scale": draw(8, seed=2),
        "bias": draw(8, seed=3),
        "depthwise": draw(3, 3, 8, seed=4),
        "pointwise": draw(8, 4, seed=5),
        "offset": draw(4, seed=6),
        "narrow": draw(2, 2, 4, 1, seed=7),
    }
    gradient = jax.value_and_grad(all_operations, argnums=(0, 1), has_aux=True)
    step = jax.jit(gradient, compiler_options=QUICK)
    results = []
    for count in (1, 2, 4):
        devices = jax.devices()[:count]
        mesh = jax.make_mesh((count,), ("data",), axis_types=(AxisType.Auto,), devices=devices)
        spread = jax.device_put(x, NamedSharding(mesh, PartitionSpec("data")))
        copied = jax.device_put(kernels, NamedSharding(mesh, PartitionSpec()))
        results.append(jax.device_get(step(spread, copied)))
    for other in results[1:]:
        jax.tree.map(
            lambda one, two: np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-3),
            results[0],
            other,
        )


def test_resolve_implementation():
    assert ops.resolve_implementation("auto", platform="cpu") == "fast"
    assert ops.resolve_implementation("auto", platform="cuda") == "plain"
    assert ops.resolve_implementation("plain", platform="cpu") == "plain"
    assert ops.resolve_implementation("fast", platform="tpu") == "fast"
    with pytest.raises(ValueError, match=r"`implementation` must be one of .* got 'quick'"):
        ops.resolve_implementation("quick", platform="cpu")


def test_wrong_arguments_are_named():
    x, kernel = jnp.zeros((1, 4, 4, 3)), jnp.zeros((3, 3, 2))
    with pytest.raises(ValueError, match=r"`kernel` must be compute\[K,K,C\], got shape"):
        ops.depthwise_convolution(x, kernel, implementation="fast")
    with pytest.raises(ValueError, match=r"`implementation` must be one of .* got 'auto'"):
        ops.max_pool(x, padding="SAME", implementation="auto")
    with pytest.raises(TypeError, match=r"`x` must be .* got dtype uint8"):
        ops.max_pool(x.astype(jnp.uint8), padding="SAME", implementation="fast")
    with pytest.raises(
        TypeError, match=r"`kernel` must have the dtype bfloat16 of `x`, got float32"
    ):
        ops.pointwise_convolution(
            x.astype(jnp.bfloat16), jnp.zeros((3, 2)), stride=1, implementation="fast"
        )
    with pytest.raises(ValueError, match=r"`padding` must be one of .* got 'FULL'"):
        ops.convolution(x, jnp.zeros((3, 3, 3, 1)), stride=1, padding="FULL", implementation="fast")
    with pytest.raises(ValueError, match=r"`activation` must be one of .* got 'gelu'"):
        ops.normalize_with(
            x,
            jnp.ones(3),
            jnp.ones(3),
            (jnp.ones(3), jnp.ones(3)),
            epsilon=1.0,
            activation="gelu",
        )
