from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.training import compile as compilation


@pytest.fixture
def forget_options():
    compilation._known_options.cache_clear()
    yield
    compilation._known_options.cache_clear()


def test_the_cpu_options_are_known_and_keep_barriers_in_the_program():
    options = compilation.compiler_options("cpu")
    assert options == compilation.CPU_OPTIONS | compilation.CPU_ROUNDING

    def program(x):
        return jax.lax.optimization_barrier(2.0 * x) + 1.0

    def text(options):
        return jax.jit(program, compiler_options=options).lower(1.0).compile().as_text()

    assert "opt-barrier" in text(options)
    assert "opt-barrier" not in text({})


def test_accelerators_take_the_defaults_of_xla():
    assert compilation.compiler_options("gpu") == compilation.compiler_options("tpu") == {}


def test_an_option_that_xla_does_not_know_is_left_out_with_a_warning(
    monkeypatch, forget_options, caplog
):
    monkeypatch.setattr(
        compilation, "CPU_OPTIONS", {"xla_cpu_no_such_option": True, **compilation.CPU_OPTIONS}
    )
    with caplog.at_level("WARNING", logger="absl"):
        options = compilation.compiler_options("cpu")
    assert "xla_cpu_no_such_option" not in options
    assert options == compilation.compiler_options("cpu")
    assert len(options) == 3
    assert "xla_cpu_no_such_option" in caplog.text


def test_a_step_is_compiled_once_and_reuses_the_memory_of_the_state():
    traced = []

    def step(state, images, labels, key):
        traced.append(1)
        return state + images.sum() + labels.sum(), {"loss": jax.random.uniform(key)}

    mesh = compilation.make_mesh(2)
    compiled = compilation.compile_train_step(step, mesh)
    first = compilation.place_replicated(jnp.zeros(3), mesh)
    key = compilation.place_replicated(jax.random.key(0), mesh)
    ones = compilation.place_batch(np.ones(4, np.float32), mesh)
    second, _ = compiled(first, ones, ones, key)
    third, _ = compiled(second, ones, ones, key)
    np.testing.assert_array_equal(third, [16.0] * 3)
    assert len(traced) == 1
    assert first.is_deleted()


def test_mesh_errors():
    with pytest.raises(ValueError, match=r"at most 4, the number of devices .* got 9; choose 0"):
        compilation.make_mesh(9)
    assert compilation.make_mesh(0).size == 4


def test_places_of_a_tree_on_two_devices():
    mesh = compilation.make_mesh(2)
    tree = {"kernel": jnp.ones((4, 3))}
    copied = compilation.place_replicated(tree, mesh)["kernel"]
    abstract = compilation.with_replicated_sharding(jax.eval_shape(lambda: tree), mesh)["kernel"]
    assert copied.sharding == abstract.sharding
    assert (abstract.shape, abstract.dtype) == (tree["kernel"].shape, tree["kernel"].dtype)
    assert {shard.data.shape for shard in copied.addressable_shards} == {(4, 3)}
    split = compilation.place_batch(np.ones((4, 3), np.float32), mesh)
    assert {shard.data.shape for shard in split.addressable_shards} == {(2, 3)}
