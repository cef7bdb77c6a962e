"""The import rule of the rooms, and the limits of size."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.paths import REPOSITORY

PACKAGE = REPOSITORY / "superxception_jax"
MAXIMUM_FILE_LINES = 300
MAXIMUM_FUNCTION_LINES = 60
# What each room may import from this package, besides itself, as CONTRIBUTING.md says. The modules
# beside the rooms are the ground floor: they import nothing from above.
GROUND = {"arrays", "chromosomes", "commands", "files", "keys", "system", "wording", "workers"}
ALLOWED = {
    "data": GROUND,
    "models": {"arrays", "keys"},
    "training": GROUND | {"data", "models"},
    "karyotyping": GROUND | {"data"},
    "evaluation": GROUND | {"data", "karyotyping"},
    "runs": GROUND | {"data", "models", "training", "karyotyping", "evaluation"},
    "tables": GROUND | {"data", "models", "training", "karyotyping", "evaluation", "runs"},
    "studies": GROUND | {"data", "models", "training", "karyotyping", "evaluation", "runs"},
}
# The same within the data: what every data set uses, from the files of images upwards.
DATA_GROUND = {"bands", "file_names", "options", "record", "small_arrays"}
DATA_ALLOWED = {
    "images": DATA_GROUND,
    "normalization": DATA_GROUND | {"images"},
    "screening": DATA_GROUND | {"images", "normalization"},
    "folders": DATA_GROUND | {"images"},
}
MOST_ROOMS = 23  # beside those of single data sets, each of which needs its own
MOST_MODULES = 24
CLASSES = 24
LONGEST_NAME = 64
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = MODULES + [
    path
    for folder in ("benchmarks", "configs", "launch", "tests")
    for path in (REPOSITORY / folder).rglob("*.py")
]
PAGES = sorted(
    path for path in PACKAGE.rglob("*") if path.suffix in {".css", ".html", ".js", ".mjs"}
)
# Charts, curves and synthetic cells; a picture of any other name must be looked at first.
PICTURES = re.compile(
    r"docs/pictures/(case|report)\.webp|docs/pictures/(curled|learning_curves|normalization)\.png"
    r"|results/\w+/(accuracy|cost)\.png|results/(performance|robustness|stain)\.png"
    r"|results/scaling/super_xception-paper\.png"
    r"|results/paper/(super_xception_stack|(super_)?xception_curves)\.png"
    r"|results/stripnet-embedded/karyogram\.png|results/super_xception-embedded/cell\.png"
)
PROGRAMS = sorted(path.stem for path in (REPOSITORY / "launch").glob("*.py"))
# The first line of a named function of JavaScript; its last one is indented as far.
SCRIPT_FUNCTION = re.compile(
    r"( *)(?:export )?(?:default )?(?:async )?"
    r"(?:function\*? ?\w*\(|(?:const|let) \w+ = (?:async )?(?:function|\(|\w+ =>)).*\{$"
)


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


def _imported_modules(path: Path) -> set[str]:
    """Return the modules of this package that a file imports; a name's module, not the name."""
    known = {_module_name(other) for other in MODULES}
    names = {name for name in _imports(path) if name.startswith("superxception_jax.")}
    found = {name if name in known else name.rpartition(".")[0] for name in names}
    # A package that only passes names on is left out: a name counts where it is defined.
    return (found & known) - {_module_name(path)} - {"superxception_jax"}


def _rooms(path: Path) -> set[str]:
    inside = (name.split(".") for name in _imports(path) if name.startswith("superxception_jax."))
    return {parts[1] for parts in inside if parts[1] != "__version__"}


@pytest.mark.parametrize("path", MODULES, ids=_module_name)
def test_imports_run_one_way(path):
    parts = path.relative_to(PACKAGE).parts
    if len(parts) == 1:
        # The package itself passes names on, when they are asked for.
        assert path.stem in GROUND | {"__init__"}
        assert _rooms(path) <= GROUND or path.stem == "__init__"
    else:
        assert _rooms(path) <= ALLOWED[parts[0]] | {parts[0]}


def test_the_table_of_imports_is_the_rule():
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    stated: dict[str, set[str]] = {}
    for rooms, allowed in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ([^|]+) \|$", text, re.MULTILINE):
        named = set(re.findall(r"`(\w+)`", allowed.split(";")[0]))
        named |= GROUND if re.match("base modules|all of the above", allowed) else set()
        named |= set(stated) if allowed.startswith("all of the above") else set()
        stated |= {room: named for room in re.findall(r"`(\w+)`", rooms)}
    del stated["launch"]
    assert stated == ALLOWED


@pytest.mark.parametrize("room", sorted(DATA_ALLOWED))
def test_imports_of_the_data_run_one_way(room):
    inside = "superxception_jax.data."
    found = {
        name.removeprefix(inside).split(".")[0]
        for path in (PACKAGE / "data" / room).glob("*.py")
        for name in _imported_modules(path)
        if name.startswith(inside)
    }
    assert found <= DATA_ALLOWED[room] | {room}
    assert room in found


def test_no_module_imports_itself_by_way_of_others():
    graph = {_module_name(path): _imported_modules(path) for path in MODULES}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join((*above, name))
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*above, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_rooms_and_names():
    rooms = {path.parent for path in MODULES} - {PACKAGE}
    data_sets = {path.parent for path in MODULES if path.stem == "builder"}
    assert len(rooms - data_sets) <= MOST_ROOMS, "put the modules into rooms that exist"
    full = {room for room in rooms if len(list(room.glob("*.py"))) > MOST_MODULES}
    assert full == set(), f"a folder holds at most {MOST_MODULES} modules; divide it"
    homes: dict[str, set[str]] = {}
    for path in MODULES:
        parts = path.relative_to(PACKAGE).parts
        if path.stem != "__init__":
            homes.setdefault(path.stem, set()).add(parts[0])
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


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
                assert node.end_lineno is not None
                body = node.end_lineno - node.lineno + 1
                documented = ast.get_docstring(node, clean=False) or ""
                assert body - len(documented.splitlines()) <= MAXIMUM_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_sizes_of_the_files_of_the_report(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAXIMUM_FILE_LINES
    if path.suffix in {".js", ".mjs"}:
        for first, line in enumerate(lines):
            if found := SCRIPT_FUNCTION.match(line):
                last = next(
                    number
                    for number in range(first + 1, len(lines))
                    if lines[number].startswith(f"{found[1]}}}")
                )
                assert last - first + 1 <= MAXIMUM_FUNCTION_LINES, line


def test_no_image_of_a_chromosome_set_is_tracked():
    command = ["git", "ls-files", "-z"]
    if shutil.which("git") is None:
        pytest.skip("needs git")
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"needs a git checkout: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    listed = done.stdout.split("\0")
    assert Path(__file__).relative_to(REPOSITORY).as_posix() in listed
    there = [name for name in listed if (REPOSITORY / name).is_file()]  # Some may be on the move.
    binary = {name for name in there if not _is_text(REPOSITORY / name)}
    found = {name for name in binary if not PICTURES.fullmatch(name)}
    # The packaged weights hold parameters and statistics, and nothing else.
    weights = {name for name in found if name.startswith("superxception_jax/weights/")}
    for name in weights:
        if name.endswith("/trained_on.npy"):
            assert np.load(REPOSITORY / name).dtype == np.uint64  # hashes
            continue
        with np.load(REPOSITORY / name) as arrays:
            assert {key.split(".")[0] for key in arrays.files} == {"params", "batch_stats"}
    # A table keeps names, classes and confidences of its test images, and nothing else.
    tables = {name for name in found if re.fullmatch(r"results/[^/]+/predictions\.npz", name)}
    for name in tables:
        with np.load(REPOSITORY / name) as arrays:
            for key in arrays.files:
                _check_column(key.rpartition(".")[2], arrays[key])
    assert weights
    assert tables
    assert found == weights | tables


def _is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()


def _check_column(name: str, column: np.ndarray) -> None:
    """Refuse what could hold pixels: anything but short names, labels and probabilities."""
    assert column.ndim == 1
    if name in ("names", "cells", "cases"):
        assert column.dtype.kind == "U"
        assert column.dtype.itemsize <= 4 * LONGEST_NAME
    elif name == "pixels":
        # Eight bytes of a hash, by which a changed image is found.
        assert all(re.fullmatch("[0-9a-f]{16}", digest) for digest in column.tolist())
    elif name in ("labels", "predicted", "assigned"):
        assert column.dtype == np.int8
        assert (column >= 0).all()
        assert (column < CLASSES).all()
    else:
        assert name == "confidences"
        assert column.dtype == np.float32
        # The most probable of all classes.
        assert (column > 1 / CLASSES - 1e-6).all()
        assert (column < 1 + 1e-5).all()


# Forks of one process, which has what takes longest to import.
def test_continuous_integration_runs_the_commands_of_the_readme():
    command = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()[-1]
    assert command.startswith("ruff check . && ruff format --check . && mypy && python -m pytest")
    for name in ("README.md", "CONTRIBUTING.md"):
        assert command in (REPOSITORY / name).read_text(encoding="utf-8")
