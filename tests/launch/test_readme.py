"""What the README tells to do works as written, in a copy of the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from tests.launch.programs import REPOSITORY, environment


def section(title: str) -> str:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return re.split(r"^## ", text.split(f"\n## {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_add_your_own_model(tmp_path, flags):
    for name in ("superxception_jax", "configs", "launch"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    text = section("Add your own model")
    network, lines, config = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (command,) = re.findall(r"```sh\n(.*?)\n```", text, re.DOTALL)
    (tmp_path / "superxception_jax" / "models" / "my_network.py").write_text(network)
    (tmp_path / "configs" / "my_network.py").write_text(config)
    build = tmp_path / "superxception_jax" / "models" / "build.py"
    head, body = build.read_text().split("\nMODELS:", 1)
    body = body.replace("= {\n", "= {\n" + lines, 1)
    line = "from superxception_jax.models.my_network import MyNetwork\n"
    build.write_text(f"{head}\n{line}\nMODELS:{body}")
    done = subprocess.run(
        [sys.executable, *command.split()[1:], *flags, f"--workdir={tmp_path / 'run'}"],
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
