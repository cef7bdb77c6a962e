"""Images that several cells of a batch have in common: a cell that was copied, or a stray file."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from superxception_jax.data.own.equal_images import Fingerprint

# Share of the images of the smaller cell from which two cells count as one: more than a few files
# that were put into the wrong folder, less than what is left of a copy that was cleaned up.
LEAST_SHARE = 0.25


@dataclass(frozen=True)
class SharedImages:
    """The images that are in several cells.

    Attributes:
        lines: What to say of them, one line for each set of cells.
        copies: By cell, each other cell of its case that is taken for the same one, with the
            number of images that are in both.
    """

    lines: tuple[str, ...]
    copies: Mapping[str, Mapping[str, int]]


def find_shared_images(
    images: Iterable[Fingerprint], *, case_of: Mapping[str, str]
) -> SharedImages:
    """Return which images are in several cells, and which cells of a case are the same one.

    Args:
        images: Contents of all images.
        case_of: The case of each cell by name, empty where it is unknown.
    """
    # Digest → cell → name of its first such image.
    holders: dict[str, dict[str, str]] = {}
    for image in images:
        holders.setdefault(image.digest, {}).setdefault(image.cell, image.name)
    sizes = Counter(cell for found in holders.values() for cell in found)
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    pairs = Counter[tuple[str, str]]()
    for found in holders.values():
        if len(found) < 2:
            continue
        groups.setdefault(tuple(found), []).append(found)
        pairs.update(
            (one, other)
            for one, other in itertools.permutations(found, 2)
            if case_of[one] and case_of[one] == case_of[other]
        )
    copies: dict[str, dict[str, int]] = {}
    for (one, other), number in pairs.items():
        if number >= LEAST_SHARE * min(sizes[one], sizes[other]):
            copies.setdefault(one, {})[other] = number
    lines = tuple(_line(cells, found) for cells, found in groups.items())
    return SharedImages(lines=lines, copies=copies)


def _line(cells: tuple[str, ...], found: list[Mapping[str, str]]) -> str:
    if len(found) == 1:
        return ", ".join(f"`{name}`" for name in found[0].values())
    others = ", ".join(f"`{cell}`" for cell in cells[1:])
    return f"{len(found)} images of `{cells[0]}` are in {others}"
