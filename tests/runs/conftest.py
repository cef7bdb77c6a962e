"""What the tests of runs whose steps are counted by hand share."""

from __future__ import annotations

import pytest

from tests.runs.counted_steps import Steps, add_cell


@pytest.fixture
def steps(monkeypatch):
    return Steps(monkeypatch)


@pytest.fixture
def laboratory(tmp_path):
    """Write five cells; return their folder."""
    for number in range(5):
        add_cell(tmp_path / "laboratory", number)
    return tmp_path / "laboratory"
