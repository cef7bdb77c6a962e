"""What a run keeps of the weights that it starts from: that they are the same when read again."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superxception_jax.files import damaged, load_json, write_json
from superxception_jax.models.keras.start import EXPORTED
from superxception_jax.runs.exported.weights_file import knows_orientation
from superxception_jax.runs.included import INCLUDED, find_weights
from superxception_jax.runs.kinds import check_kinds
from superxception_jax.runs.workdir import CALIBRATION_FILE
from superxception_jax.training.hosts.processes import tell

START_FILE = "start.json"
_WHAT = {"content": "the start of a run", "remedy": "restore it from a copy"}


@dataclass(frozen=True)
class StartRecord:
    """The weights that a run starts from.

    Attributes:
        digest: SHA-256 of the file and, of an exported network, of its calibration.
        oriented: Whether they have learned which end of a chromosome is up.
    """

    digest: str
    oriented: bool


def find_start(init_from: str) -> Path:
    """Return the file of weights to start from.

    Args:
        init_from: Name of an included network, or a path.

    Raises:
        FileNotFoundError: There is no such file.
    """
    path = find_weights(init_from)
    if not path.is_file():
        raise FileNotFoundError(
            f"`model.init_from` must be an existing file of weights, got `{path}`; check the path."
        )
    return path


def describe_start(init_from: str) -> StartRecord:
    """Return the record of weights as they are now.

    Args:
        init_from: As for `find_start`.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return StartRecord(digest_weights(find_start(init_from)), knows_orientation(init_from))


def digest_weights(path: Path) -> str:
    """Return the SHA-256 of a file of weights and, of an exported network, of its calibration.

    Args:
        path: File of weights.
    """
    digest = hashlib.sha256(path.read_bytes())
    calibration = path.with_name(CALIBRATION_FILE)
    if path.suffix == EXPORTED and calibration.is_file():
        digest.update(calibration.read_bytes())
    return digest.hexdigest()


def keep_start(init_from: str, workdir: Path, *, is_new: bool) -> StartRecord | None:
    """Return the record of a run's start, stored until its first checkpoint.

    Args:
        init_from: As for `find_start`; empty for random weights.
        workdir: Run folder, of which only the first process needs to see the files.
        is_new: Whether the run has no checkpoint, so that it starts from the weights of now: of
            another one without a record, which is of an earlier version, nobody knows what its
            start was.

    Returns:
        The record; None without initial weights, and for a run of an earlier version.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The stored record is damaged.
    """

    def keep() -> dict[str, Any] | None:
        path = workdir / START_FILE
        if is_new:
            write_json(path, dataclasses.asdict(describe_start(init_from)))
        return dataclasses.asdict(_load(path)) if path.is_file() else None

    found = tell(keep) if init_from else None
    return None if found is None else StartRecord(**found)


def check_start(init_from: str, record: StartRecord | None) -> None:
    """Check that the weights of a run's start are still those that it started from.

    Args:
        init_from: As for `find_start`.
        record: Record of the run; None, of an earlier version, for no check.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: They have changed.
    """
    if record is not None and describe_start(init_from).digest != record.digest:
        remedy = (
            "use the version of the program that started the run, see its environment.json"
            if init_from in INCLUDED
            else "restore the files as they were"
        )
        raise ValueError(
            f"`model.init_from` must be the weights that this run started from, got "
            f"`{find_weights(init_from)}`, which, or the {CALIBRATION_FILE} of which, has changed "
            f"since; {remedy}."
        )


def _load(path: Path) -> StartRecord:
    values = load_json(path, **_WHAT, keys=("digest", "oriented"))
    record = StartRecord(values["digest"], values["oriented"])
    try:
        check_kinds(record)
    except TypeError as error:
        raise damaged(path, error, **_WHAT) from error
    return record
