"""The pseudo-labels of a run as it keeps them, and which of them train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.data.source import Chromosomes
from superxception_jax.files import damaged, load_arrays, replacing
from superxception_jax.runs.split_file import UNUSED, StoredSplit

PSEUDO_LABELS_FILE = "pseudo_labels.npz"


def save_pseudo_labels(workdir: Path, pseudo: Chromosomes) -> Path:
    """Write the pseudo-labelled images of a run, and return the file.

    Args:
        workdir: Run folder.
        pseudo: Images in memory.
    """
    path = workdir / PSEUDO_LABELS_FILE
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **vars(pseudo))
    return path


def load_pseudo_labels(workdir: Path) -> Chromosomes | None:
    """Return the pseudo-labelled images of a run from its folder; None if it has none.

    Args:
        workdir: Run folder.

    Raises:
        ValueError: The file is damaged.
    """
    path = workdir / PSEUDO_LABELS_FILE
    if not path.is_file():
        return None
    what = {
        "content": "the pseudo-labels of a run",
        "remedy": "restore it from a copy, or start the run again in another folder",
    }
    arrays: dict[str, Any] = load_arrays(path, **what)
    try:
        return Chromosomes(**arrays)
    except TypeError as error:
        raise damaged(path, error, **what) from error


def without_known(pseudo: Chromosomes, labelled: StoredSplit) -> Chromosomes:
    """Return pseudo-labelled images without the cells of which an image has a label.

    The labels are better, and no tested cell may train.

    Args:
        pseudo: Pseudo-labelled images.
        labelled: The labelled images that train, validate and test.
    """
    known = {one.pixels for one in labelled.images.values() if one.part != UNUSED}
    # Of an image that a table calls turned, a data set has the hash of the turned image.
    rows = zip(pseudo.cells.tolist(), pseudo.hashes.tolist(), strict=True)
    left_out = {cell for cell, hashes in rows if not known.isdisjoint(hashes.split())}
    return pseudo.take(np.array([one not in left_out for one in pseudo.cells.tolist()], bool))
