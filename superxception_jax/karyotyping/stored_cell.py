"""A karyotyped cell as a later run of the program finds it again.

`karyotype.json` is for people and other programs; the state beside it holds what else a report
and the conclusions about a case need, and from which files the cell was made.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.normalization.background import CellBackground
from superxception_jax.data.screening.equal_images import Fingerprint
from superxception_jax.data.screening.twins import Portrait
from superxception_jax.files import load_json
from superxception_jax.karyotyping.karyotype import ClassifiedChromosome, Karyotype
from superxception_jax.karyotyping.stain import StainVerdict

STATE_FORMAT = 1
_DECIMALS = 6
# Of a portrait's detail, whose length is 1; the largest of its 576 values are about 0.2.
_LEVELS = 500
_CONTENT = {"content": "results of a karyotyped cell", "remedy": "karyotype the cell again"}
# Stands for the pictures, which the report of a stored cell has in a file of its own.
_NO_PICTURE = np.zeros((0, 0), np.uint8)


@dataclass(frozen=True)
class StoredCell:
    """A cell whose results are on the disk.

    Attributes:
        karyotype: The karyotype without the pictures of its chromosomes.
        contents: Content of each image that was read, also of those that were set aside.
        about: Facts about the network, by name.
        portraits: See `ReadCell`.
    """

    karyotype: Karyotype
    contents: tuple[Fingerprint, ...]
    about: Mapping[str, str]
    portraits: tuple[Portrait, ...] = ()


def cell_state(
    karyotype: Karyotype,
    *,
    made_from: str,
    contents: Sequence[Fingerprint],
    about: Mapping[str, str],
    portraits: Sequence[Portrait] = (),
) -> dict[str, Any]:
    """Return the state of a cell as JSON values.

    Args:
        karyotype: Karyotyped cell.
        made_from: Digest of everything that its results depend on.
        contents: Content of each image.
        about: Facts about the network, by name.
        portraits: See `ReadCell`.
    """
    likelihoods = karyotype.log_likelihoods
    return {
        "format": STATE_FORMAT,
        "made_from": made_from,
        "about": dict(about),
        "images": [{"name": one.name, "digest": one.digest} for one in contents],
        "portraits": [_portrait_json(one) for one in portraits],
        "classes": list(CLASS_NAMES),
        "marginals": _table([one.marginals for one in karyotype.chromosomes]),
        "probabilities": _table([one.probabilities for one in karyotype.chromosomes]),
        "log_likelihoods": None if likelihoods is None else _table(likelihoods),
    }


def restore_cell(values: Mapping[str, Any], state: Mapping[str, Any]) -> StoredCell:
    """Return a cell from its results.

    Args:
        values: What `karyotype_json` returned.
        state: What `cell_state` returned.

    Raises:
        KeyError: A value is missing.
        TypeError: A value has another type.
        ValueError: The values have another format.
    """
    if state["format"] != STATE_FORMAT:
        raise ValueError(f"format {state['format']!r}")
    chromosomes = values["chromosomes"]
    tables = {
        name: np.array(state[name], np.float64).reshape(len(chromosomes), len(CLASS_NAMES))
        for name in ("marginals", "probabilities")
    }
    likelihoods, margin = state["log_likelihoods"], values["margin"]
    stain = values["stain"]
    return StoredCell(
        karyotype=Karyotype(
            cell=values["cell"],
            chromosomes=tuple(
                _restore_chromosome(one, tables["probabilities"][index], tables["marginals"][index])
                for index, one in enumerate(chromosomes)
            ),
            iscn=values["iscn"],
            margin=math.inf if margin is None else margin,
            flags=tuple(values["flags"]),
            unread=tuple((one["name"], one["reason"]) for one in values["unread"]),
            set_aside=tuple((one["name"], one["reason"]) for one in values["set_aside"]),
            background=CellBackground(**values["background"]),
            stain=StainVerdict(stain["verdict"], stain["score"], stain["text"]),
            withheld=values["withheld"],
            case=values["case"],
            log_likelihoods=None if likelihoods is None else np.array(likelihoods, np.float64),
        ),
        contents=tuple(
            Fingerprint(values["cell"], one["name"], one["digest"]) for one in state["images"]
        ),
        about=state["about"],
        portraits=tuple(map(_restore_portrait, state["portraits"])),
    )


def load_stored_cell(results: Path, state: Path, *, made_from: str) -> StoredCell | None:
    """Load a cell that was karyotyped before; None if that was from something else.

    Args:
        results: File of `karyotype_json`.
        state: File of `cell_state`.
        made_from: Digest of everything that its results would depend on.

    Returns:
        The cell; None as well if a file is missing or damaged: it is made again.
    """
    try:
        stored = load_json(state, **_CONTENT, keys=("made_from",))
        if stored["made_from"] != made_from:
            return None
        return restore_cell(load_json(results, **_CONTENT), stored)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _portrait_json(portrait: Portrait) -> dict[str, Any]:
    detail = np.round(portrait.detail * _LEVELS).clip(-127, 127).astype(np.int8)
    return {
        "detail": base64.b64encode(detail.tobytes()).decode("ascii"),
        "log_scale": [round(float(one), _DECIMALS) for one in portrait.log_scale],
    }


def _restore_portrait(values: Mapping[str, Any]) -> Portrait:
    detail = np.frombuffer(base64.b64decode(values["detail"]), np.int8).astype(np.float32)
    return Portrait(detail / np.linalg.norm(detail), np.array(values["log_scale"]))


def _restore_chromosome(
    values: Mapping[str, Any], probabilities: np.ndarray, marginals: np.ndarray
) -> ClassifiedChromosome:
    return ClassifiedChromosome(
        name=values["name"],
        image=_NO_PICTURE,
        label=CLASS_NAMES.index(values["class"]),
        probabilities=probabilities,
        marginals=marginals,
        turned=bool(values["turned"]),
        turned_probability=values["turned_probability"],
        length_px=values["length_px"],
        flags=tuple(values["flags"]),
        file=values["file"],
    )


def _table(rows: Sequence[np.ndarray] | np.ndarray) -> list[list[float]]:
    return np.round(np.asarray(rows, np.float64), _DECIMALS).tolist()
