"""Folders of small images, all different, for tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from superxception_jax.data.folders.layout_record import FolderLayout

CELL = [f"{index}.png" for index in range(46)]
_seeds = itertools.count()


def put(root: Path, *names: str) -> Path:
    """Write images whose pixels are in no other file; return the folder."""
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        image = np.zeros((14, 9), np.uint8)
        image[2:-2, 2:-2] = np.random.default_rng(next(_seeds)).integers(60, 200, (10, 5))
        image[2:-2:9, 2:-2:4] = 0  # A rectangle would be a scale bar.
        Image.fromarray(image).save(file)
    return root


def own_options(folder: Path | str, **changes: str) -> dict[str, str]:
    """Return the options of the data set `own`, by default the usual ones."""
    usual = {"folder": str(folder), "twins": "refuse", "polarity": "upright", "background": "auto"}
    return usual | changes


def put_names(root: Path, names: Iterable[str]) -> Path:
    """Write files that only look like images by their names; return the folder."""
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode("utf-8", "surrogateescape"))
    return root


def below(folder: str, names: Iterable[str]) -> list[str]:
    """Return names of files in a folder."""
    return [f"{folder}/{name}" for name in names]


def cells(layout: FolderLayout) -> list[tuple[str, str, int]]:
    """Return case, name and number of images of each cell."""
    return [(cell.case, cell.name, len(cell.files)) for cell in layout.cells]
