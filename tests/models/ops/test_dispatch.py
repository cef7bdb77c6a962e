from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from superxception_jax.models.ops import depthwise
from superxception_jax.models.ops import dispatch as ops
from tests.quick import QUICK

# The tests compile many small programs: XLA's optimisation would take most of the time.


def draw(*shape: int, seed: int = 0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def compare_forms(operation, *arguments):
    """Compare the value and all gradients of both forms, under a random output gradient."""

    def run(arguments, output_gradient):
        results = []
        for implementation in ops.IMPLEMENTATIONS:
            form = functools.partial(operation, implementation=implementation)
            y, pull = jax.vjp(form, *arguments)
            results.append((y, pull(output_gradient)))
        return results

    form = functools.partial(operation, implementation="plain")
    output = jax.eval_shape(form, *arguments)
    step = jax.jit(run, compiler_options=QUICK)
    plain, fast = jax.device_get(step(arguments, draw(*output.shape, seed=99)))
    for plain_one, fast_one in zip(jax.tree.leaves(plain), jax.tree.leaves(fast), strict=True):
        scale = np.abs(plain_one).max()
        np.testing.assert_allclose(fast_one, plain_one, rtol=1e-5, atol=1e-5 * scale)
    return plain


@pytest.mark.parametrize(
    ("shape", "size", "stride"),
    [((1, 7, 6, 3), 3, 1), ((3, 1, 2, 5), 3, 1), ((9, 17, 4, 8), 3, 1), ((2, 8, 7, 3), 5, 2)],
)
def test_depthwise_forms_agree(shape, size, stride):
    def operation(x, kernel, implementation):
        return ops.depthwise_convolution(x, kernel, stride=stride, implementation=implementation)

    compare_forms(operation, draw(*shape), draw(size, size, shape[-1], seed=1))


def test_depthwise_counts_neighbours_by_hand():
    x = jnp.ones((1, 3, 3, 2))
    kernel = jnp.stack([jnp.ones((3, 3)), jnp.zeros((3, 3)).at[0, 1].set(1.0)], -1)
    y = ops.depthwise_convolution(x, kernel, stride=1, implementation="fast")
    np.testing.assert_array_equal(y[0, :, :, 0], [[4, 6, 4], [6, 9, 6], [4, 6, 4]])
    # The second kernel reads the pixel above: nothing lies above the first row.
    np.testing.assert_array_equal(y[0, :, :, 1], [[0, 0, 0], [1, 1, 1], [1, 1, 1]])


@pytest.mark.parametrize(("shape", "stride"), [((1, 5, 5, 3), 1), ((3, 4, 7, 8), 2)])
def test_pointwise_forms_agree(shape, stride):
    def operation(x, kernel, implementation):
        return ops.pointwise_convolution(x, kernel, stride=stride, implementation=implementation)

    compare_forms(operation, draw(*shape), draw(shape[-1], 6, seed=1))


@pytest.mark.parametrize(
    ("shape", "size", "features", "stride", "padding"),
    [
        ((3, 9, 8, 1), 9, 4, 1, "SAME"),  # the first of the super-resolution stack
        ((2, 7, 8, 9), 5, 3, 1, "SAME"),
        ((1, 6, 7, 6), 4, 8, 1, "SAME"),  # an even window pads one side more
        ((1, 6, 7, 6), 5, 8, 1, "VALID"),
        ((3, 7, 9, 1), 3, 4, 2, "VALID"),  # the first convolution of Xception
        ((1, 8, 8, 2), 3, 3, 2, "VALID"),  # the last row and column are never read
        ((2, 9, 10, 16), 3, 5, 2, "SAME"),
        ((1, 23, 15, 2), 11, 3, 4, "VALID"),  # the first convolution of AlexNet
        ((3, 7, 6, 26), 5, 1, 1, "SAME"),  # one feature, more channels than taps
        ((2, 6, 9, 17), 4, 1, 1, "SAME"),
        ((2, 6, 9, 9), 3, 1, 1, "VALID"),
        ((2, 7, 6, 8), 3, 1, 1, "SAME"),  # one feature, fewer channels than taps
        ((2, 7, 8, 9), 3, 1, 2, "SAME"),  # one feature, but a stride
    ],
)
def test_convolution_forms_agree(shape, size, features, stride, padding):
    def operation(x, kernel, implementation):
        return ops.convolution(
            x, kernel, stride=stride, padding=padding, implementation=implementation
        )

    compare_forms(operation, draw(*shape), draw(size, size, shape[-1], features, seed=1))


@pytest.mark.parametrize(
    ("shape", "padding"),
    [
        ((1, 7, 6, 3), "SAME"),
        ((9, 8, 5, 2), "SAME"),
        ((2, 1, 2, 4), "SAME"),
        ((2, 7, 8, 3), "VALID"),
        ((3, 3, 5, 2), "VALID"),
    ],
)
def test_max_pool_forms_agree(shape, padding):
    compare_forms(functools.partial(ops.max_pool, padding=padding), draw(*shape))


def test_max_pool_gives_ties_to_the_first():
    # Few distinct values: most windows have several maxima.
    x = jnp.round(draw(2, 9, 8, 3))
    _, (gradient,) = compare_forms(functools.partial(ops.max_pool, padding="SAME"), x)
    constant = jax.grad(lambda x: ops.max_pool(x, padding="SAME", implementation="fast").sum())(
        jnp.ones((1, 4, 4, 1))
    )
    np.testing.assert_array_equal(
        constant[0, :, :, 0], [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4]
    )
    assert (gradient == 0).any()


@pytest.mark.parametrize("activation", ["none", "relu"])
@pytest.mark.parametrize("shape", [(1, 3, 5, 4), (9, 19, 7, 2)])
def test_normalize_forms_agree(shape, activation):
    channels = shape[-1]

    def operation(x, scale, bias, implementation):
        return ops.normalize_batch(
            x, scale, bias, epsilon=1e-3, activation=activation, implementation=implementation
        )[0]

    y, _ = compare_forms(
        operation, 3 * draw(*shape) + 1, draw(channels, seed=1), draw(channels, seed=2)
    )
    assert bool((y < 0).any()) == (activation == "none")


@pytest.mark.parametrize("implementation", ops.IMPLEMENTATIONS)
def test_normalize_by_hand(implementation):
    x = jnp.asarray([1.0, 3.0, 5.0, 7.0]).reshape(2, 2, 1, 1)  # mean 4, variance 5
    y, (mean, variance) = ops.normalize_batch(
        x,
        jnp.asarray([2.0]),
        jnp.asarray([1.0]),
        epsilon=4.0,
        activation="none",
        implementation=implementation,
    )
    np.testing.assert_allclose(y.ravel(), [-1.0, 1 / 3, 5 / 3, 3.0], rtol=1e-6)
    np.testing.assert_allclose([mean[0], variance[0]], [4.0, 5.0], rtol=1e-6)


@pytest.mark.parametrize("activation", ["none", "relu"])
@pytest.mark.parametrize("shape", [(1, 3, 5, 4), (9, 19, 7, 2)])
def test_bias_forms_agree(shape, activation):
    def operation(x, bias, implementation):
        return ops.add_bias(x, bias, activation=activation, implementation=implementation)

    y, _ = compare_forms(operation, draw(*shape), draw(shape[-1], seed=1))
    assert bool((y < 0).any()) == (activation == "none")


@pytest.mark.parametrize("implementation", ops.IMPLEMENTATIONS)
def test_relu_gives_no_gradient_at_zero(implementation):
    def total(bias):
        x = jnp.asarray([0.0, 1.0]).reshape(2, 1, 1, 1)
        return ops.add_bias(x, bias, activation="relu", implementation=implementation).sum()

    assert float(jax.grad(total)(jnp.zeros(1))[0]) == 1.0


def test_depthwise_forms_agree_on_a_batch_larger_than_the_cache(monkeypatch):
    # A single image is larger too: the gradient then goes through the images one by one.
    monkeypatch.setattr(depthwise, "CACHED_BYTES", 100)
    test_depthwise_forms_agree((3, 7, 6, 4), 3, 2)


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
    y = ops.depthwise_convolution(y, kernels["depthwise"], stride=1, implementation="fast")
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
    with pytest.raises(ValueError, match=r"`kernel` must be f32\[K,K,C\], got shape"):
        ops.depthwise_convolution(x, kernel, stride=1, implementation="fast")
    with pytest.raises(ValueError, match=r"`implementation` must be one of .* got 'auto'"):
        ops.max_pool(x, padding="SAME", implementation="auto")
    with pytest.raises(TypeError, match=r"`x` must be .* got dtype uint8"):
        ops.max_pool(x.astype(jnp.uint8), padding="SAME", implementation="fast")
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
