"""What docs/own_model.md tells to do works as written, in a copy of the repository."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

from tests.docs.pages import DOCS, code_blocks, commands
from tests.launch.programs import environment
from tests.paths import REPOSITORY


def test_add_your_own_model(tmp_path):
    for name in ("superxception_jax", "configs", "launch"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    network, lines, config = code_blocks(DOCS / "own_model.md", "python")
    (command,) = commands(DOCS / "own_model.md")
    (tmp_path / "superxception_jax" / "models" / "my_network.py").write_text(network)
    (tmp_path / "configs" / "my_network.py").write_text(config)
    build = tmp_path / "superxception_jax" / "models" / "build.py"
    head, body = build.read_text().split("\nMODELS:", 1)
    body = body.replace("= {\n", "= {\n" + lines, 1)
    line = "from superxception_jax.models.my_network import MyNetwork\n"
    build.write_text(f"{head}\n{line}\nMODELS:{body}")
    done = subprocess.run(
        [
            sys.executable,
            *shlex.split(command)[1:],
            f"--workdir={tmp_path / 'run'}",
            "--compilation_cache=off",
            "--config.model.implementation=plain",  # compiled faster
        ],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "super_my_network" in done.stdout
    assert (tmp_path / "run" / "results.json").exists()
    assert (tmp_path / "run" / "super_resolution.png").exists()
