"""What a result needs beside it to be believed: commit, versions, devices, command."""

from __future__ import annotations

import importlib.metadata
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax

PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "tensorflow-datasets", "numpy")


def describe_environment() -> dict[str, Any]:
    """Describe the program and what it runs on.

    Returns:
        JSON values: commit, command, versions and devices.
    """
    devices = jax.devices()
    return {
        "commit": find_commit(Path(__file__).parent),
        "command": shlex.join(["python", *sys.argv]),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "devices": [f"{device.platform}:{device.device_kind}" for device in devices],
    }


def find_commit(folder: Path) -> str:
    """Read the commit of the checkout that holds a folder.

    Args:
        folder: inside the checkout.

    Returns:
        The hash, with `-dirty` behind it if tracked files are changed;
        `unknown` outside a checkout or without git.
    """
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
