from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import superxception_jax
from superxception_jax.karyotyping import cell
from tests.paths import REPOSITORY


def test_every_public_name_is_found():
    for name in superxception_jax.__all__:
        assert getattr(superxception_jax, name) is not None
        assert name in dir(superxception_jax)
    assert superxception_jax.karyotype_cell is cell.karyotype_cell
    assert set(superxception_jax.__all__) == {"__version__", *superxception_jax._MODULES}


def test_unknown_names_are_refused():
    misspelt = "karyotype_cel"
    with pytest.raises(AttributeError, match="has no attribute 'karyotype_cel'"):
        getattr(superxception_jax, misspelt)


def test_the_package_imports_nothing_by_itself():
    code = "import sys, superxception_jax; print([n for n in ('numpy', 'jax') if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_types_are_published():
    assert (Path(superxception_jax.__file__).parent / "py.typed").is_file()
