"""Images that several cells of a batch have in common: a cell that was copied, or a stray file."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.data.screening.equal_images import LEAST_SHARE, Fingerprint
from superxception_jax.data.screening.twins import LARGEST_STRETCH, Portrait

# Portraits so alike are one image that was processed: of sharpened copies and of twofold JPEGs of
# G-band cells at least 35 of 46 are, and none of two cells of a patient (107 patients).
COPY_LIKENESS = 0.95
# Difference of the log scales of a copy: twofold.
LARGEST_RESIZING = 0.72


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
    images: Iterable[Fingerprint],
    *,
    portraits: Mapping[str, Sequence[Portrait]],
    case_of: Mapping[str, str],
) -> SharedImages:
    """Return which images are in several cells, and which cells of a case are the same one.

    Args:
        images: Contents of all images.
        portraits: What the chromosomes of each cell look like, by which copies are found that were
            processed.
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
    lines = [_line(cells, found) for cells, found in groups.items()]
    for one, other, number in _processed(portraits, case_of=case_of):
        if other in copies.get(one, {}):
            continue
        copies.setdefault(one, {})[other] = copies.setdefault(other, {})[one] = number
        lines.append(f"{number} images of `{one}` are in `{other}` in altered form")
    return SharedImages(lines=tuple(lines), copies=copies)


def _processed(
    portraits: Mapping[str, Sequence[Portrait]], *, case_of: Mapping[str, str]
) -> Iterator[tuple[str, str, int]]:
    """Yield pairs of cells of a case that look the same, with the number of such images."""
    cases: dict[str, list[str]] = {}
    for cell, found in portraits.items():
        if found and case_of[cell]:
            cases.setdefault(case_of[cell], []).append(cell)
    for cells in cases.values():
        counts = [len(portraits[cell]) for cell in cells]
        cell_of = np.repeat(np.arange(len(cells)), counts)
        details = np.stack([one.detail for cell in cells for one in portraits[cell]])
        scales = np.stack([one.log_scale for cell in cells for one in portraits[cell]])
        end = 0
        # Each cell with all later ones at once: a case may have hundreds of cells.
        for place, cell in enumerate(cells):
            start, end = end, end + counts[place]
            own, later = np.nonzero(details[start:end] @ details[end:].T >= COPY_LIKENESS)
            change = scales[start:end][own] - scales[end:][later]
            same = (np.abs(change[:, 0] - change[:, 1]) <= LARGEST_STRETCH) & (
                np.abs(change).max(axis=-1, initial=0.0) <= LARGEST_RESIZING
            )
            own, later = own[same], later[same]
            others = cell_of[end:][later]
            for other in np.unique(others):
                pairs = others == other
                number = min(len(np.unique(own[pairs])), len(np.unique(later[pairs])))
                if number >= max(2, LEAST_SHARE * min(counts[place], counts[other])):
                    yield cell, cells[other], number


def _line(cells: tuple[str, ...], found: list[Mapping[str, str]]) -> str:
    if len(found) == 1:
        return ", ".join(f"`{name}`" for name in found[0].values())
    others = ", ".join(f"`{cell}`" for cell in cells[1:])
    return f"{len(found)} images of `{cells[0]}` are in {others}"
