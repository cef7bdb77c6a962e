"""Archives of arrays: read as they were written, or refused as damaged."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from superxception_jax.files import load_arrays


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_truncated_or_altered_archive_is_sound_or_refused(data, tmp_path):
    path = tmp_path / "a.npz"
    arrays: dict[str, Any] = {"one": np.arange(20.0), "two": np.array(["a", "b"])}
    np.savez_compressed(path, **arrays)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:at]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    refused = ""
    try:
        found = load_arrays(path, content="numbers", remedy="write it again")
    except ValueError as error:
        refused = str(error)
    if refused:
        assert refused.startswith(f"`{path}` must hold numbers, got a damaged file (")
        assert refused.endswith("; write it again.")
    else:
        for name in found.keys() & arrays.keys():
            np.testing.assert_array_equal(found[name], arrays[name])


def test_an_archive_that_seems_encrypted_is_damaged(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, one=np.arange(3))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] ^= 1  # A flag of the file in the directory.
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"got a damaged file \(.*encrypted.*; write it again"):
        load_arrays(path, content="numbers", remedy="write it again")


def test_an_array_that_no_memory_holds_is_damaged(tmp_path):
    path, header = tmp_path / "a.npz", io.BytesIO()
    values = {"descr": "<f4", "fortran_order": False, "shape": (2**45,)}
    np.lib.format.write_array_header_1_0(header, values)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.npy", header.getvalue())
    with pytest.raises(ValueError, match=r"got a damaged file \(Unable to allocate .*; write it"):
        load_arrays(path, content="numbers", remedy="write it again")


def test_only_the_named_arrays_of_an_archive_are_loaded(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, one=np.arange(3), two=np.ones(2))
    how = {"content": "numbers", "remedy": "write it again"}
    assert list(load_arrays(path, names=("two",), **how)) == ["two"]
    assert list(load_arrays(path, **how)) == ["one", "two"]
    with pytest.raises(ValueError, match=r"got a damaged file \(.*three.*\); write it again"):
        load_arrays(path, names=("three",), **how)
