"""What the tests of the programs share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("launch")


@pytest.fixture(scope="module")
def flags(folder):
    """Share prepared data and compiled steps between the processes of a file."""
    return (
        f"--config.data.data_dir={folder / 'data'}",
        f"--compilation_cache={folder / 'cache'}",
    )
