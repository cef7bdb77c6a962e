"""What the tests of the images that networks know share."""

from __future__ import annotations

import shutil

import pytest

from superxception_jax.runs.exported.trained_images import TRAINED_FILE
from superxception_jax.runs.included import INCLUDED


@pytest.fixture
def earlier_version(tmp_path):
    """Return the weights of a copy of `gband` that doesn't know its images."""
    folder = tmp_path / "earlier version"
    shutil.copytree(INCLUDED["gband"], folder)
    (folder / TRAINED_FILE).unlink(missing_ok=True)
    return str(folder / "variables.npz")
