"""What the tests of prepared data share."""

from __future__ import annotations

from pathlib import Path

import pytest

from superxception_jax.data import source
from superxception_jax.data.normalization.measure import measure_cell
from tests.data.small_lab import make_lab


@pytest.fixture
def lab(tmp_path) -> Path:
    return make_lab(tmp_path)


@pytest.fixture
def normalized_cells(monkeypatch) -> list[list[str]]:
    calls = []

    def spy(images, *, names, background):
        calls.append(list(names))
        return measure_cell(images, names=names, background=background)

    monkeypatch.setattr(source, "measure_cell", spy)
    return calls
