"""What the programs import once their flags are read."""

from __future__ import annotations

import ast

from tests.launch.programs import REPOSITORY, run

FOREIGN = {"tensorflow", "torch", "keras"}
CODE = """
import importlib, sys

for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted(sys.modules))
"""


def imported_modules() -> list[str]:
    """Return the modules of the package that the programs import, at once or when they run."""
    files = [*(REPOSITORY / "launch").glob("*.py")]
    files.append(REPOSITORY / "superxception_jax" / "runs" / "karyotype_program.py")
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return sorted(name for name in names if name.startswith("superxception_jax."))


def test_programs_need_no_tensorflow(tmp_path):
    names = imported_modules()
    assert "superxception_jax.runs.run" in names
    (tmp_path / "imports.py").write_text(CODE)
    done = run(str(tmp_path / "imports.py"), *names, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = set(done.stdout.split())
    assert found >= {"jax", *names}
    # `superxception_jax.models.keras` reads the files of Keras without it.
    assert not found & FOREIGN
