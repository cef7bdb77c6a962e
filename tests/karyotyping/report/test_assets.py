"""The modules of the page: each is valid, imports what it uses, and can be joined."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from superxception_jax.karyotyping.report import assets

FOLDER = Path(assets.__file__).parent
NODE = shutil.which("node")
FILES = sorted(path for kind in ("mjs", "css") for path in FOLDER.rglob(f"*.{kind}"))
MAXIMUM_LINES = 300
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.mjs";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:const|async function|function|let) (\w+)", re.MULTILINE)
# Comments, texts without code in them, properties, and keys of objects: no use of a name.
NO_USE = re.compile(r'/\*.*?\*/|//[^\n]*|"[^"\n]*"|\.\w+|\b\w+:(?!:)', re.DOTALL)

needs_node = pytest.mark.skipif(NODE is None, reason="needs `node` (Debian: package nodejs)")


def read_module(name: str) -> str:
    return (FOLDER / "js" / f"{name}.mjs").read_text(encoding="utf-8")


def imports_of(name: str) -> dict[str, set[str]]:
    """Return the names that a module imports, by the module that exports them."""
    found = IMPORT.findall(read_module(name))
    assert len({module for _, module in found}) == len(found)
    return {module: set(re.findall(r"\w+", names)) for names, module in found}


def exports_of(name: str) -> set[str]:
    return set(EXPORT.findall(read_module(name)))


def names_used_in(name: str) -> set[str]:
    code = IMPORT.sub("", read_module(name)).replace("...", " ")
    return set(re.findall(r"[A-Za-z_]\w*", NO_USE.sub(" ", code)))


def check_with_node(path: Path) -> None:
    done = subprocess.run(
        [NODE or "node", "--check", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_file_is_joined():
    assert {path.stem for path in FILES if path.suffix == ".mjs"} == set(assets.SCRIPT_MODULES)
    assert {path.stem for path in FILES if path.suffix == ".css"} == set(assets.STYLE_SHEETS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_sizes(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAXIMUM_LINES


@needs_node
@pytest.mark.parametrize("name", assets.SCRIPT_MODULES)
def test_every_module_is_valid_alone(name):
    check_with_node(FOLDER / "js" / f"{name}.mjs")


@needs_node
def test_the_joined_script_is_valid(tmp_path):
    # A name that two modules declare is an error here.
    path = tmp_path / "joined.mjs"
    path.write_text(assets.load_script(), encoding="utf-8")
    check_with_node(path)


@pytest.mark.parametrize(("place", "name"), list(enumerate(assets.SCRIPT_MODULES)))
def test_modules_import_what_they_use_from_earlier_ones(place, name):
    imports = imports_of(name)
    earlier = assets.SCRIPT_MODULES[:place]
    assert set(imports) <= set(earlier)
    used = names_used_in(name)
    for module in earlier:
        imported = imports.get(module, set())
        assert imported <= exports_of(module)
        assert imported == exports_of(module) & used, module


def test_no_module_exports_what_none_imports():
    imported = {
        (module, name)
        for importer in assets.SCRIPT_MODULES
        for module, names in imports_of(importer).items()
        for name in names
    }
    exported = {(module, name) for module in assets.SCRIPT_MODULES for name in exports_of(module)}
    assert exported == imported


def test_joined_texts_stay_within_their_elements():
    script, style = assets.load_script(), assets.load_style()
    assert not re.search(r"</script|<!--|^import\b|^export\b", script, re.MULTILINE)
    assert "innerHTML" not in script
    assert not re.search(r"</style|url\(|@import", style)


def test_the_script_needs_no_newest_browser():
    # One expression that an older Safari can't parse leaves the whole page empty.
    assert not re.search(r"\(\?<[=!]|checkVisibility", assets.load_script())


def test_files_of_the_page_are_packaged(repository):
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["superxception_jax"]
    package = repository / "superxception_jax"
    packaged = {path for pattern in patterns for path in package.glob(pattern)}
    assert {FOLDER / "template.html", *FILES} <= packaged
