from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.arrays import check, group_members


def test_named_dimensions_are_returned_for_numpy_and_jax():
    images = np.zeros((2, 5, 5, 1), np.uint8)
    labels = jnp.zeros((2,), jnp.int32)
    sizes = check(images=(images, "u8[B,S,S,1]"), labels=(labels, "i32[B]"))
    assert sizes == {"B": 2, "S": 5}


def test_dimensions_must_agree_between_arguments():
    images = np.zeros((2, 5, 5, 1), np.uint8)
    labels = np.zeros((3,), np.int32)
    with pytest.raises(ValueError, match=r"`labels` must be i32\[B\], got shape \(3,\)"):
        check(images=(images, "u8[B,S,S,1]"), labels=(labels, "i32[B]"))


def test_dimensions_must_agree_within_an_argument():
    with pytest.raises(ValueError, match=r"got shape \(2, 5, 6, 1\)"):
        check(images=(np.zeros((2, 5, 6, 1), np.uint8), "u8[B,S,S,1]"))


def test_fixed_dimension_and_rank():
    with pytest.raises(ValueError, match="must be"):
        check(images=(np.zeros((2, 5, 5, 3), np.uint8), "u8[B,S,S,1]"))
    with pytest.raises(ValueError, match="must be"):
        check(images=(np.zeros((5, 5), np.uint8), "u8[S]"))
    assert check(step=(np.zeros((), np.int32), "i32[]")) == {}


def test_dtype_is_checked():
    with pytest.raises(TypeError, match=r"`images` must be u8\[N\], got dtype float64"):
        check(images=(np.zeros(3), "u8[N]"))
    assert check(names=(np.array(["a", "b"]), "any[N]")) == {"N": 2}


def test_arguments_in_the_format_of_activations_must_agree():
    single, half = jnp.zeros(3), jnp.zeros(3, jnp.bfloat16)
    for x in (single, half):
        assert check(x=(x, "compute[N]"), y=(x, "compute[N]")) == {"N": 3}
    with pytest.raises(TypeError, match="`y` must have the dtype float32 of `x`, got bfloat16"):
        check(x=(single, "compute[N]"), z=(half, "any[N]"), y=(half, "compute[N]"))
    with pytest.raises(TypeError, match="got dtype float16"):
        check(x=(jnp.zeros(3, jnp.float16), "compute[N]"))


def test_no_array():
    with pytest.raises(TypeError, match="got list"):
        check(images=([1, 2], "u8[N]"))


@pytest.mark.parametrize("broken", ["u8", "u8[B", "q7[B]", "[B]"])
def test_unreadable_specification(broken):
    with pytest.raises(ValueError, match="must look like"):
        check(images=(np.zeros(3, np.uint8), broken))


@pytest.mark.parametrize("kind", [str, np.dtypes.StringDType()])
def test_groups_are_those_of_a_search_for_each(kind):
    names = np.random.default_rng(0).integers(0, 40, 300).astype(str).astype(kind)
    expected = [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]
    found = group_members(names)
    assert [one.tolist() for one in found] == [one.tolist() for one in expected]
    assert {one.dtype for one in found} == {np.dtype(np.int64)}


def test_groups_of_nothing_and_of_one_are_few():
    assert group_members(np.array([], str)) == []
    assert [one.tolist() for one in group_members(np.array(["c", "c"]))] == [[0, 1]]
