"""The API pages are built without warnings, one for each module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.launch.programs import environment
from tests.paths import REPOSITORY

# Highlighting each source, and an index of all words, take most of the time.
_WITHOUT_SOURCES = """
import functools, runpy, pdoc
pdoc.render.configure = functools.partial(
    pdoc.render.configure, show_source=False, search=False
)
runpy.run_path("docs/build_api.py", run_name="__main__")
"""


def test_every_module_has_a_page(tmp_path):
    pytest.importorskip("pdoc")
    for name in ("superxception_jax", "docs"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_SOURCES],
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
