from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.runs.weights_file import load_variables, save_variables

VARIABLES = {
    "params": {"head": {"kernel": np.array([[1.0, 1 / 3]]), "bias": np.array([1 / 3, 1e9])}},
    "batch_stats": {},
}
SHAPES = jax.eval_shape(lambda: jax.tree.map(jnp.float32, VARIABLES))


def test_matrices_lose_precision_and_vectors_keep_it(tmp_path):
    path = save_variables(tmp_path / "variables.npz", VARIABLES)
    loaded = load_variables(path, SHAPES)
    assert {leaf.dtype for leaf in jax.tree.leaves(loaded)} == {np.dtype(np.float32)}
    assert loaded["batch_stats"] == {}
    head, expected = loaded["params"]["head"], VARIABLES["params"]["head"]
    np.testing.assert_array_equal(head["bias"], expected["bias"].astype(np.float32))
    np.testing.assert_array_equal(head["kernel"], expected["kernel"].astype(np.float16))
    assert head["kernel"][0, 1] != np.float32(1 / 3)


def test_values_outside_of_half_precision_are_refused_and_nothing_is_written(tmp_path):
    for value in (70_000.0, np.nan):
        with pytest.raises(ValueError, match=r"`kernel` must hold finite values of at most 65504"):
            save_variables(tmp_path / "variables.npz", {"kernel": np.full((2, 2), value)})
    assert list(tmp_path.iterdir()) == []


def test_another_network_is_refused(tmp_path):
    path = save_variables(tmp_path / "variables.npz", VARIABLES)
    for like in (
        {"params": {"head": {"kernel": np.zeros((2, 2)), "bias": np.zeros(2)}}},
        {"params": {"head": {"kernel": np.zeros((1, 2))}}},
    ):
        with pytest.raises(ValueError, match=r"1 arrays differ, such as `params\.head\.\w+`; use"):
            load_variables(path, like)
