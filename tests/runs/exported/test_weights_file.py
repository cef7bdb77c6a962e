from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.runs.exported.weights_file import load_variables, save_variables

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


class _Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_a_file_that_holds_pickled_objects_is_refused_and_runs_nothing(tmp_path):
    mark, path = tmp_path / "ran", tmp_path / "variables.npz"
    arrays: dict[str, Any] = {"params.head.kernel": np.array([_Bomb(mark)], object)}
    np.savez(path, **arrays)
    with np.load(path, allow_pickle=True) as stored:
        assert stored.files
    for like in (SHAPES, {"params": {"head": {"kernel": np.zeros(1)}}}):
        with pytest.raises(ValueError, match=r"variables\.npz` must hold the variables of a netw"):
            load_variables(path, like)
    assert not mark.exists()


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.99])
def test_a_truncated_file_is_named_with_the_remedy(share, tmp_path):
    path = save_variables(tmp_path / "variables.npz", VARIABLES)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(
        ValueError, match=r"`.*variables\.npz` must hold.*damaged.*; export the net"
    ):
        load_variables(path, SHAPES)


@pytest.mark.parametrize("name", ["params.head.kernel", "other"])
def test_nothing_is_unpacked_that_is_larger_than_the_network(name, tmp_path):
    path = tmp_path / "variables.npz"
    head: dict[str, Any] = {"params.head.kernel": np.ones((1, 2), np.float32)}
    head["params.head.bias"] = np.ones(2, np.float32)
    np.savez_compressed(path, **(head | {name: np.zeros((2**23, 1), np.float32)}))
    tracemalloc.start()
    with pytest.raises(ValueError, match=f"1 arrays differ, such as `{name}`"):
        load_variables(path, SHAPES)
    most_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most_bytes < 2**22


def test_foreign_members_types_and_values_are_refused(tmp_path):
    path = tmp_path / "variables.npz"
    head: dict[str, Any] = {"params.head.kernel": np.ones((1, 2), np.float32)}
    for bias, problem in (
        (np.array(["a", "b"]), "instead of f16 or f32"),
        (np.ones(2, np.complex64), "complex64 instead of"),
        (np.array([1.0, np.nan], np.float32), "not finite"),
    ):
        np.savez(path, **(head | {"params.head.bias": bias}))
        with pytest.raises(ValueError, match=problem):
            load_variables(path, SHAPES)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no array")
    with pytest.raises(ValueError, match="is not an array"):
        load_variables(path, SHAPES)
    content = io.BytesIO()
    np.save(content, np.ones(2))
    path.write_bytes(content.getvalue())
    with pytest.raises(ValueError, match="not a NumPy archive"):
        load_variables(path, SHAPES)
    with pytest.raises(FileNotFoundError, match=r"other\.npz` must hold.*got no such file; export"):
        load_variables(tmp_path / "other.npz", SHAPES)
