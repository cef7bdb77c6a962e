"""The house keeps its shape: import directions, sizes, and no TensorFlow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "superxception_jax"
MAXIMUM_FILE_LINES = 300
MAXIMUM_FUNCTION_LINES = 60
# Each room and what it may import of this project; the first match counts.
ALLOWED = {
    "superxception_jax.arrays": set(),
    "superxception_jax.keys": set(),
    "superxception_jax.runs.provenance": set(),
    "superxception_jax.runs.weights_file": set(),
    "superxception_jax.data": {"arrays", "data"},
    "superxception_jax.models": {"arrays", "keys", "models"},
    "superxception_jax.training": {"arrays", "keys", "data", "models", "training"},
    "superxception_jax.evaluation": {"arrays", "keys", "data", "models", "evaluation"},
    "superxception_jax.karyotyping": {"arrays", "data", "evaluation", "karyotyping"},
    "superxception_jax.runs.checks": {"data", "models", "training"},
    "superxception_jax.runs.experiment": {"config_checks", "data", "models", "training"},
    "superxception_jax.commands": {"training"},
}
EDGE = {
    "setup",
    "restoration",
    "robustness",
    "cell_reporting",
    "reader",
    "karyotype_run",
    "training_run",
    "reporting",
    "run",
} | {
    "table_plan",
    "table_display",
    "tabulate",
}
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = MODULES + [
    path
    for folder in ("benchmarks", "configs", "launch", "tests")
    for path in (REPOSITORY / folder).rglob("*.py")
]


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _rooms(path: Path) -> set[str]:
    inside = (name.split(".") for name in _imports(path) if name.startswith("superxception_jax."))
    return {parts[1] for parts in inside if parts[1] != "__version__"}


@pytest.mark.parametrize("path", MODULES, ids=_module_name)
def test_imports_run_one_way(path):
    name = _module_name(path)
    for prefix, allowed in ALLOWED.items():
        if name == prefix or name.startswith(prefix + "."):
            assert _rooms(path) <= allowed, name
            break
    else:
        assert name == "superxception_jax" or name.split(".")[1] in EDGE, f"{name}: no known room"


@pytest.mark.parametrize("path", MODULES, ids=_module_name)
def test_outside_imports(path):
    roots = {name.split(".")[0] for name in _imports(path)}
    assert not roots & {"tensorflow", "launch", "configs", "tests", "torch", "keras"}
    name = _module_name(path)
    if ".data" in name:
        assert not roots & {"jax", "flax", "optax"}
    if ".models" in name:
        assert "optax" not in roots
    if not name.endswith("checkpoint"):
        assert "orbax" not in roots


@pytest.mark.parametrize("path", sorted((REPOSITORY / "configs").rglob("*.py")), ids=_module_name)
def test_configs_import_only_ml_collections_and_the_base(path):
    allowed = ("__future__", "collections.abc", "typing", "ml_collections", "configs", "difflib")
    assert all(name.startswith(allowed) for name in _imports(path))


@pytest.mark.parametrize("path", SOURCES, ids=_module_name)
def test_file_and_function_sizes(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAXIMUM_FILE_LINES
    if path.is_relative_to(PACKAGE):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = node.end_lineno - node.lineno + 1
                documented = ast.get_docstring(node, clean=False) or ""
                assert body - len(documented.splitlines()) <= MAXIMUM_FUNCTION_LINES, node.name


def test_tests_are_at_least_three_fifths_of_the_code():
    def lines(folder: str) -> int:
        return sum(
            len(path.read_text(encoding="utf-8").splitlines())
            for path in (REPOSITORY / folder).rglob("*.py")
        )

    code = lines("superxception_jax") + lines("configs") + lines("launch")
    assert lines("tests") >= 0.6 * code


def test_no_image_of_a_chromosome_set_is_tracked():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    found = [name for name in listed if name.lower().endswith((".bmp", ".tif", ".tiff", ".npz"))]
    # The weights that come along hold parameters and statistics, and nothing else.
    weights = [name for name in found if name.startswith("superxception_jax/weights/")]
    assert found == weights
    for name in weights:
        with np.load(REPOSITORY / name) as arrays:
            assert {key.split(".")[0] for key in arrays.files} == {"params", "batch_stats"}


@pytest.mark.parametrize(
    "program",
    ["main", "evaluate", "prepare_data", "table", "karyotype", "export", "robustness"],
)
def test_programs_start_without_tensorflow(program):
    code = (
        "import sys; sys.path.insert(0, '.');"
        f"import launch.{program};"
        "print([name for name in ('tensorflow', 'torch', 'keras') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_continuous_integration_runs_the_commands_of_the_readme():
    command = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()[-1]
    assert command.startswith("ruff check . && ruff format --check . && mypy && python -m pytest")
    for name in ("README.md", "CONTRIBUTING.md"):
        assert command in (REPOSITORY / name).read_text(encoding="utf-8")
