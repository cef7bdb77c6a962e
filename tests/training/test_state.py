from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

from superxception_jax.training.state import init_state
from tests.quick import QUICK
from tests.training.tiny import SIDE, TinyNetwork, assert_trees_equal


@functools.partial(jax.jit, compiler_options=QUICK)
def _draw(key):
    return init_state(TinyNetwork(), optax.adam(0.1), key=key, input_px=SIDE)


def _state(seed):
    return _draw(jax.random.key(seed))


def test_the_first_state_is_drawn_from_the_key():
    state = _state(0)
    assert state.step.dtype == jnp.int32
    assert int(state.step) == 0
    assert_trees_equal(state, _state(0))
    kernels = (one.params["Conv_0"]["kernel"] for one in (state, _state(1)))
    assert np.not_equal(*kernels).all()
    moments = state.opt_state[0].mu
    assert jax.tree.map(jnp.shape, moments) == jax.tree.map(jnp.shape, state.params)
    assert not any(leaf.any() for leaf in jax.tree.leaves(moments))


def test_variables_are_what_the_network_is_applied_to():
    state = _state(0)
    assert set(state.variables) == {"params", "batch_stats"}
    images = jnp.zeros((2, SIDE, SIDE, 1))
    logits = np.asarray(TinyNetwork().apply(state.variables, images, train=False))
    assert logits.shape == (2, 3)
