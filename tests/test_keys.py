from __future__ import annotations

import jax

from superxception_jax.keys import key_for


def test_streams_depend_on_root_name_and_counter():
    root = jax.random.key(0)
    keys = [
        key_for(root, "dropout", 1),
        key_for(root, "dropout", 2),
        key_for(root, "augment", 1),
        key_for(jax.random.key(1), "dropout", 1),
        key_for(root, "dropout"),
    ]
    draws = {float(jax.random.uniform(key)) for key in keys}
    assert len(draws) == len(keys)


def test_traced_counter_gives_the_same_key():
    root = jax.random.key(3)
    traced = jax.jit(lambda root, step: key_for(root, "step", step))(root, 7)
    assert traced == key_for(root, "step", 7)
