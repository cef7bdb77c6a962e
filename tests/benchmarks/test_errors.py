from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.paths import REPOSITORY

# `kill_runs.py` ends with a status of its own, and `worker.py` is started by `speed.py`.
PROGRAMS = sorted(
    path
    for path in (REPOSITORY / "benchmarks").glob("*.py")
    if "argparse.ArgumentParser(" in path.read_text("utf-8")
    and path.name not in ("kill_runs.py", "worker.py")
)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_benchmark_gives_one_sentence_for_bad_input(path):
    last = ast.parse(path.read_text("utf-8")).body[-1]
    assert ast.unparse(last) == "if __name__ == '__main__':\n    run_guarded(main)"


def test_a_wrong_override_gives_one_sentence(tmp_path):
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "variables.npz").touch()
    command = [sys.executable, "benchmarks/adaptation.py", f"--work={tmp_path}"]
    command += [f"--start={tmp_path}", "--laboratory=own", "--overrides=training.epoch=3"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "training.epoch" in done.stderr
    assert "Traceback" not in done.stderr
