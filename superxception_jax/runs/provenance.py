"""Provenance of a result: commit or version, command, package versions and devices."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

import superxception_jax

PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "tensorflow-datasets", "numpy")
PROJECT = Path(superxception_jax.__file__).resolve().parent.parent


@dataclass(frozen=True)
class Provenance:
    """Where a training or an evaluation took place.

    Attributes:
        commit: Commit of the project, with `-dirty` appended if tracked files outside `results` are
            changed; the version, such as `v0.2.0`, where the program runs outside its own
            repository.
        command: Command line.
        python: Version of Python.
        versions: Installed version of each package in `PACKAGES`.
        devices: Platform and kind of each device that was used.
    """

    commit: str
    command: str
    python: str
    versions: Mapping[str, str]
    devices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the provenance as JSON values."""
        return dataclasses.asdict(self) | {"devices": list(self.devices)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Provenance:
        """Return the provenance that `to_json` of this or an earlier version wrote."""
        names = {field.name for field in dataclasses.fields(cls)}
        known = {name: value for name, value in values.items() if name in names}
        return cls(**known | {"devices": tuple(values["devices"])})


@dataclass(frozen=True)
class TrainingRecord:
    """What `environment.json` of a run holds.

    Attributes:
        trainings: Provenance of the training: of its start and of each resumption.
        overrides: Config fields given on the command line, by path.
    """

    trainings: tuple[Provenance, ...]
    overrides: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return {
            "trainings": [one.to_json() for one in self.trainings],
            "overrides": dict(self.overrides),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainingRecord:
        """Return the record that `to_json` wrote, or an earlier version: a single provenance."""
        trainings = values.get("trainings", [values])
        return cls(
            trainings=tuple(Provenance.from_json(one) for one in trainings),
            overrides=values["overrides"],
        )


def describe_provenance(devices: Sequence[jax.Device] | None = None) -> Provenance:
    """Return the provenance of this process.

    Args:
        devices: Devices that it uses, such as those of a mesh; None: all that JAX finds.
    """
    used = jax.devices() if devices is None else devices
    return Provenance(
        commit=_COMMIT,
        command=shlex.join(["python", *sys.argv]),
        python=platform.python_version(),
        versions={name: version for name in PACKAGES if (version := _installed_version(name))},
        devices=tuple(f"{device.platform}:{device.device_kind}" for device in used),
    )


def find_commit(project: Path) -> str:
    """Return the commit of the project, or its version.

    Args:
        project: Folder that holds the package.

    Returns:
        The hash, with `-dirty` appended if tracked files outside `results` are changed, if
        `project` is the top of a repository that tracks the package. Otherwise the version: an
        installed or copied package may lie inside a repository of other things, whose commit says
        nothing about it. With `-unknown` where git can't say, as for the repository of another
        user.
    """
    version = f"v{superxception_jax.__version__}"
    package = "superxception_jax/__init__.py"
    tracked = _git(project, "ls-files", "--error-unmatch", package) is not None
    top = _git(project, "rev-parse", "--show-toplevel")
    if top is None and (project / ".git").exists():
        return f"{version}-unknown"
    if not tracked or top is None or Path(top).resolve() != project.resolve():
        return version
    commit = _git(project, "rev-parse", "--short=12", "HEAD")
    # A table writes its page before its first run, which nothing in it changes.
    changes = _git(project, "status", "--porcelain", "--untracked-files=no", ":(exclude)results")
    if commit is None or changes is None:
        return f"{version}-unknown"
    return f"{commit}-dirty" if changes else commit


def digest_program(*rooms: str) -> str:
    """Return a digest of the source of the package: equal programs give equal results.

    Args:
        rooms: Folders of the package that decide the results; none: all.
    """
    package = Path(superxception_jax.__file__).parent
    digest = hashlib.sha256()
    for folder in [package / room for room in rooms] or [package]:
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(package)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints in a folder; None without git, outside a repository or on errors."""
    # Variables such as GIT_DIR would point git at another repository, as inside a git hook.
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            # Names of folders in any bytes, whatever the locale.
            encoding="utf-8",
            errors="surrogateescape",
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _installed_version(package: str) -> str:
    """Return the version of a package; empty if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


# At the import, as the program's own code: a commit made while it runs is not what ran.
_COMMIT = find_commit(PROJECT)
