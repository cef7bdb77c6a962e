"""What the tests of the programs share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("launch")


@pytest.fixture(scope="module")
def flags(folder, compiled):
    """Share prepared data between the processes of a file, and compiled steps between all."""
    return (
        f"--config.data.data_dir={folder / 'data'}",
        f"--compilation_cache={compiled}",
    )
