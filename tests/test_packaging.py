"""The wheel is complete, requirements match imports, and karyotyping needs only the core."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tomllib
import zipfile

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.ideogram.synthetic_cell import draw_cell
from tests.launch.programs import environment
from tests.paths import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CORE = PROJECT["dependencies"]
TRAIN = PROJECT["optional-dependencies"]["train"]
PROGRAM = "superxception_jax.runs.karyotype_program"
# Distributions whose module has another name, apart from the hyphen.
MODULES = {
    "pillow": "PIL",
    "scikit-image": "skimage",
    "absl-py": "absl",
    "orbax-checkpoint": "orbax",
}
# Required only because a dependency imports it.
NOT_IMPORTED_HERE = {"importlib_resources"}
# Orbax requires it in the version that it writes with.
BROUGHT_BY_ORBAX = {"tensorstore"}
# Grain requires it on the systems that have it.
BROUGHT_BY_GRAIN = {"array_record"}
# Flax imports it.
LOADED_BY_FLAX = {"rich"}


def _requirements(name: str) -> list[str]:
    lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
    return [line for line in (line.partition("#")[0].strip() for line in lines) if line]


def _module(requirement: str) -> str:
    name = requirement.partition("=")[0].rstrip("<>")
    return MODULES.get(name, name.replace("-", "_"))


def _outside_imports(folder: str) -> set[str]:
    found = set()
    for path in (REPOSITORY / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"superxception_jax", "configs", "launch"}


def test_the_core_and_the_extra_are_the_requirements():
    assert sorted(CORE + TRAIN) == sorted(_requirements("requirements.txt"))


def test_what_is_imported_is_required_and_the_reverse():
    imported = set().union(*map(_outside_imports, ("superxception_jax", "configs", "launch")))
    required = {_module(line) for line in CORE + TRAIN}
    brought = BROUGHT_BY_ORBAX | BROUGHT_BY_GRAIN
    assert imported - brought == required - NOT_IMPORTED_HERE


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(tmp_path):
    pytest.importorskip("setuptools", minversion="77")
    source = tmp_path / "source"
    package = source / "superxception_jax"
    caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "superxception_jax", package, ignore=caches)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert f"karyotype = {PROGRAM}:run" in archive.read(points).decode()
    expected = {str(path.relative_to(source)) for path in package.rglob("*") if path.is_file()}
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert "superxception_jax/py.typed" in expected


def test_karyotyping_needs_nothing_of_the_extra(tmp_path):
    cell = draw_cell(np.random.default_rng(0), style="q", aneuploid_share=0.0)
    images = tmp_path / "cells" / "cell 1"
    images.mkdir(parents=True)
    for chromosome in cell.chromosomes:
        Image.fromarray(chromosome.image).save(images / f"{chromosome.name}.png")
    blocked = {_module(line) for line in TRAIN} - LOADED_BY_FLAX
    code = f"""
import sys
sys.modules |= dict.fromkeys({sorted(blocked)})  # importing one of them fails
from {PROGRAM} import run
run()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "--images=cells", "--out=out", "--compilation_cache=off"],
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").is_file()
    (karyotype,) = (tmp_path / "out").rglob("karyotype.json")
    assert len(json.loads(karyotype.read_text(encoding="utf-8"))["chromosomes"]) == 46
