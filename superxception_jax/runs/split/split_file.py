"""The split of a run by name, stored at its first start, and the images that it was drawn from.

A split that is drawn again from a data set that has changed tests images that trained. So a run
keeps the names of its training, validation and test images, and a hash of every image.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.normalization.curl import CURL_VERSION
from superxception_jax.data.normalization.normalize import NORMALIZATION_VERSION
from superxception_jax.data.prepared_files import IMAGES_VERSION
from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import PARTS, Split
from superxception_jax.files import damaged, replacing
from superxception_jax.runs.workdir import SPLIT_FILE
from superxception_jax.wording import first_of, quantity

UNUSED = "unused"  # part of the images that the protocol leaves out
MOST_NAMES = 10  # A longer list hides its own head in a terminal.
# Raised whenever the same images give other canvases, or other curled copies (the last).
DRAWING = (IMAGES_VERSION, NORMALIZATION_VERSION, CURL_VERSION)


@dataclass(frozen=True, slots=True)
class StoredImage:
    """What a run keeps of an image.

    Attributes:
        cell: Its cell.
        case: Its patient or sample.
        label: Its class, index in `CLASS_NAMES`.
        pixels: Hash of the raw image.
        part: `train`, `validation`, `test` or `unused`.
        upright: Whether it is known to be upright, from which an orientation is learned.
    """

    cell: str
    case: str
    label: int
    pixels: str
    part: str
    upright: bool = False

    def changes(self, other: StoredImage) -> str:
        """Return in what another image differs, such as `cell, class`; empty if in nothing."""
        words = {
            "cell": "cell",
            "case": "case",
            "label": "class",
            "pixels": "pixels",
            "upright": "orientation",
        }
        return ", ".join(
            w for name, w in words.items() if getattr(self, name) != getattr(other, name)
        )


@dataclass(frozen=True)
class StoredSplit:
    """The split of a run and the images that it was drawn from.

    Attributes:
        images: All images of the data set by name.
        drawing: Versions of the code that made the canvases, see `DRAWING`.
    """

    images: Mapping[str, StoredImage]
    drawing: tuple[int, ...]

    def find(self, names: np.ndarray) -> Split:
        """Return the split of a data set: the indices of the stored names, part by part.

        Args:
            names: str[N], names of all images of the data set.
        """
        found = np.array([self.images[one].part if one in self.images else "" for one in names])
        return Split(**{part: np.flatnonzero(found == part) for part in PARTS})


@dataclass(frozen=True)
class _Differences:
    """How two sets of images differ.

    Attributes:
        names: Names of the images by kind of difference; those that changed with what changed.
        touched: Parts of the first set that hold images of a cell of which any is added, gone or
            changed: the images of a cell are scaled together.
    """

    names: Mapping[str, tuple[str, ...]]
    touched: frozenset[str]

    def __bool__(self) -> bool:
        """Return whether there is a difference."""
        return any(self.names.values())

    def __str__(self) -> str:
        """Return one line per kind of difference."""
        return "\n".join(
            f"  {kind}: {quantity(len(names), 'image')}: {first_of(names, most=MOST_NAMES)}"
            for kind, names in self.names.items()
            if names
        )


def describe_images(chromosomes: Chromosomes) -> dict[str, StoredImage]:
    """Return what a run keeps of images by name, without their parts.

    Args:
        chromosomes: Images of a data set.
    """
    one = chromosomes
    columns = (one.cells, one.cases, one.labels, one.hashes, one.upright)
    return {
        # One object for each cell and case: a large data set has a million images.
        str(name): StoredImage(
            sys.intern(str(cell)), sys.intern(str(case)), int(label), str(pixels), UNUSED, bool(up)
        )
        for name, cell, case, label, pixels, up in zip(one.names, *columns, strict=True)
    }


def describe_split(everything: Chromosomes, split: Split) -> StoredSplit:
    """Return what a run keeps of its data set and split.

    Args:
        everything: All images of the data set.
        split: Its split.
    """
    images = describe_images(everything)
    for part in PARTS:
        for name in everything.names[getattr(split, part)].tolist():
            images[name] = dataclasses.replace(images[name], part=part)
    return StoredSplit(images=images, drawing=DRAWING)


def save_split(workdir: Path, stored: StoredSplit) -> Path:
    """Write the split of a run, completely or not at all, and return the file.

    Args:
        workdir: Run folder.
        stored: Split and images.
    """
    images = stored.images.values()
    values = {
        "drawing": list(stored.drawing),
        "names": list(stored.images),
        "cells": [one.cell for one in images],
        "cases": [one.case for one in images],
        "classes": [CLASS_NAMES[one.label] for one in images],
        "pixels": [one.pixels for one in images],
        "parts": [one.part for one in images],
        "upright": [one.upright for one in images],
    }
    path = workdir / SPLIT_FILE
    with replacing(path) as temporary:
        # Without the time, so that equal splits are equal files.
        temporary.write_bytes(gzip.compress(json.dumps(values).encode("ascii"), mtime=0))
    return path


def load_split(workdir: Path) -> StoredSplit | None:
    """Return the split of a run; None for a run that has not drawn one or of an earlier version.

    Args:
        workdir: Run folder.

    Raises:
        ValueError: The file is damaged.
    """
    path = workdir / SPLIT_FILE
    if not path.is_file():
        return None
    try:
        return _from_json(json.loads(gzip.decompress(path.read_bytes())))
    except (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, zlib.error) as error:
        remedy = "restore it from a copy, or train again in another folder"
        if isinstance(error, (KeyError, TypeError)):
            error = ValueError("a column is missing or of another kind")
        raise damaged(path, error, content="the split of a run", remedy=remedy) from error


def check_images(
    now: Mapping[str, StoredImage],
    stored: StoredSplit,
    *,
    workdir: Path,
    needed: Sequence[str],
    use_stored_split: bool,
) -> None:
    """Check that a data set still holds the images that a run was started with.

    Args:
        now: All images of the data set by name, whatever their part.
        stored: Split and images of the run.
        workdir: Run folder, for the messages.
        needed: Parts that must be as they were: those that are trained on or tested.
        use_stored_split: Whether a data set that has changed is accepted if the needed parts are
            as they were, with their cells. What was added is left out; this is printed.

    Raises:
        ValueError: The data set has changed; up to `MOST_NAMES` names of each kind are listed.
    """
    if stored.drawing[:2] != DRAWING[:2]:  # For the copies see `kept_split`.
        raise ValueError(
            f"`{workdir}` must be of a version that draws the same canvases, got a run whose "
            f"images are of version {_dotted(stored.drawing)}, not {_dotted(DRAWING)}; use the "
            "program that trained it (see environment.json), or train again in another folder."
        )
    found = _compare(stored.images, now)
    if not found:
        return
    blocked = found.touched & set(needed)
    if blocked or not use_stored_split:
        what = f"its {', '.join(needed)} images" if use_stored_split else "its images"
        remedy = "restore the images as they were, with all of their cells, which are scaled "
        remedy += "together, or train again in another folder"
        if not blocked:
            remedy = "restore them, or keep the stored split with --use_stored_split"
        raise ValueError(
            f"`{workdir}` must find {what} as they were at its start, got a data set that has "
            f"changed; {remedy}:\n{found}"
        )
    print(
        f"the data set has changed since the start of {workdir}; its stored split is kept, and "
        f"what was added is left out:\n{found}",
        flush=True,
    )


def describe_difference(one: Mapping[str, StoredImage], other: Mapping[str, StoredImage]) -> str:
    """Return in which images two sets differ, one line per kind; empty if in none.

    Args:
        one: Images by name.
        other: Images by name, described as added, gone or changed.
    """
    return str(_compare(one, other))


def _compare(before: Mapping[str, StoredImage], now: Mapping[str, StoredImage]) -> _Differences:
    added = tuple(name for name in now if name not in before)
    gone = tuple(name for name in before if name not in now)
    changes = {
        name: words
        for name, one in before.items()
        if name in now and (words := one.changes(now[name]))
    }
    changed = tuple(f"{name} ({words})" for name, words in changes.items())
    # The images of a cell are drawn together, from their pixels.
    drawn = [one for one in changes if {"cell", "pixels"} & set(changes[one].split(", "))]
    cells = {before[one].cell for one in (*gone, *drawn)} | {now[one].cell for one in added}
    cells |= {now[one].cell for one in drawn}
    touched = {one.part for name, one in before.items() if one.cell in cells or name in changes}
    return _Differences({"added": added, "gone": gone, "changed": changed}, frozenset(touched))


def _from_json(values: Mapping[str, Any]) -> StoredSplit:
    columns = ("names", "cells", "cases", "classes", "pixels", "parts", "upright")
    if {type(values[name]) for name in columns} != {list}:
        raise ValueError("a column that is no list")
    if len({len(values[name]) for name in columns}) != 1:
        raise ValueError("columns of several lengths")
    labels = [CLASS_NAMES.index(name) for name in values["classes"]]
    cells, cases, pixels, parts = (values[name] for name in ("cells", "cases", "pixels", "parts"))
    rows = zip(cells, cases, labels, pixels, parts, values["upright"], strict=True)
    images = dict(zip(values["names"], (StoredImage(*row) for row in rows), strict=True))
    texts = (
        *images,
        *(text for one in images.values() for text in (one.cell, one.case, one.pixels)),
    )
    if not all(isinstance(one, str) for one in texts):
        raise ValueError("a name, cell, case or hash that is no text")
    if not all(isinstance(one.upright, bool) for one in images.values()):
        raise ValueError("an orientation that is neither true nor false")
    if not all(type(number) is int for number in values["drawing"]):
        raise ValueError("versions that are no whole numbers")
    unknown = {one.part for one in images.values()} - {*PARTS, UNUSED}
    if unknown:
        raise ValueError(f"unknown parts {sorted(unknown)}")
    # The first versions stored two numbers.
    return StoredSplit(images=images, drawing=(*values["drawing"], 1)[: len(DRAWING)])


def _dotted(numbers: Iterable[int]) -> str:
    return ".".join(map(str, numbers))
