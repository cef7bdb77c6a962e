from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from superxception_jax.files import replacing, write_json, write_text

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


def test_files_are_replaced_whole(tmp_path):
    path = tmp_path / "results.json"
    write_json(path, {"first": 1})
    assert write_json(path, {"second": "é"}) == path
    assert json.loads(path.read_text(encoding="utf-8")) == {"second": "é"}
    with pytest.raises(TypeError):
        write_json(path, {"broken": object()})
    assert json.loads(path.read_text(encoding="utf-8")) == {"second": "é"}
    write_text(tmp_path / "a.csv", "x\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "results.json"]


def test_a_failure_keeps_the_old_file_and_leaves_nothing_behind(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nowhere" / "a.txt", "text")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.dictionaries(st.text(), VALUES))
def test_json_values_survive_a_file(tmp_path, values):
    path = write_json(tmp_path / "values.json", values)
    assert json.loads(path.read_text(encoding="utf-8")) == values
