from __future__ import annotations

import subprocess
import sys

import pytest

from tests.paths import REPOSITORY

# Prints, as the program ends, which of the packages that take long to import it has imported.
CODE = """
import atexit, runpy, sys

SLOW = {"jax", "flax", "orbax", "matplotlib", "scipy", "skimage"}
atexit.register(lambda: print("loaded", sorted(SLOW & set(sys.modules))))
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


PROGRAMS = ["main", "table", "evaluate", "export", "karyotype", "prepare_data"]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("flag", "status"), [("--help", 0), ("--no_such_flag=1", 2)])
def test_help_and_mistakes_in_flags_load_nothing(program, flag, status):
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(REPOSITORY / "launch" / f"{program}.py"), flag],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded []"
    # `prepare_data` misses its task before it looks at the mistake.
    texts = ("--compilation_cache: ", "no_such_flag", "--dataset")
    assert any(text in done.stdout + done.stderr for text in texts)
