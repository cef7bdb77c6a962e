"""The API pages are built without warnings, one for each module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.launch.programs import environment
from tests.paths import REPOSITORY


def test_every_module_has_a_page(tmp_path):
    pytest.importorskip("pdoc")
    for name in ("superxception_jax", "docs"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    done = subprocess.run(
        [sys.executable, "docs/build_api.py"],
        cwd=tmp_path,
        # pdoc may be installed in a folder of its own.
        env=environment() | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    modules = {
        str(path.relative_to(tmp_path).with_suffix("")).removesuffix("/__init__")
        for path in (tmp_path / "superxception_jax").rglob("*.py")
    }
    pages = {
        str(path.relative_to(tmp_path / "site").with_suffix(""))
        for path in (tmp_path / "site").rglob("*.html")
    }
    assert pages == modules | {"index"}
