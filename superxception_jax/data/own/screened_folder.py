"""What the images of a laboratory's folder show: no single chromosome, or that of another cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from superxception_jax.data.normalization.background import LeveledCell
from superxception_jax.data.normalization.crop import SMALLEST_AREA_PX
from superxception_jax.data.own.labels import LabelledFile
from superxception_jax.data.record import MOST_PROBLEMS
from superxception_jax.data.screening.equal_images import LEAST_SHARE
from superxception_jax.data.screening.screen import screen_cell
from superxception_jax.data.screening.sight import see
from superxception_jax.data.screening.twins import Portrait, draw_portrait, find_alike
from superxception_jax.wording import listed_below

_EMPTY = f"shows no chromosome: nothing of {SMALLEST_AREA_PX} px or more beside the background"


def screen_files(
    files: Sequence[LabelledFile], leveled: LeveledCell
) -> tuple[dict[Path, str], list[tuple[str, Portrait]]]:
    """Return the files of a cell that can't be one chromosome of it, and portraits of the others.

    Args:
        files: Files of the cell.
        leveled: Their images.

    Returns:
        The reason for each file that is set aside; and the cell's name with each portrait.
    """
    kind = leveled.background.kind
    sights = [see(image, background=kind) for image in leveled.images]
    found = screen_cell(sights, names=[one.shown for one in files], background=kind)
    reasons = {files[one.index].path: one.reason for one in found}
    # The screening leaves these to the measuring, which a data set reaches only in a training.
    empty = [one for one, sight in zip(files, sights, strict=True) if sight.mask is None]
    reasons |= {one.path: _EMPTY for one in empty}
    drawn = [
        (one.cell, draw_portrait(sight))
        for one, sight in zip(files, sights, strict=True)
        if one.path not in reasons
    ]
    return reasons, [(cell, portrait) for cell, portrait in drawn if portrait is not None]


def describe_aside(lines: Sequence[str]) -> str:
    """Return what is said of images that are set aside.

    Args:
        lines: Name and reason of each, at least one.
    """
    head = (
        "own: images that can't be one chromosome of their cell, which are set aside, neither "
        f"trained on nor tested: {len(lines):,}"
    )
    return listed_below(head, lines, most=MOST_PROBLEMS)


def describe_copied_cells(portraits: Sequence[tuple[str, Portrait]]) -> str:
    """Return what is said of cells that show the same chromosomes, of which no pixel need be equal.

    Args:
        portraits: The cell and the portrait of each image.

    Returns:
        A text that names each pair; empty without any.

    Source: ours. In 1,450 cells of three laboratories it finds two pairs, each of which is one
        metaphase, with 33 of 46 and 41 of 41 images; of other cells at most one image is alike.
    """
    sizes = Counter(cell for cell, _ in portraits)
    pairs = Counter(
        (portraits[first][0], portraits[twin][0])
        for first, twin in find_alike([one for _, one in portraits])
    )
    lines = [
        f"{number} images of {one} and {other}"
        for (one, other), number in pairs.items()
        if one != other and number >= max(2, LEAST_SHARE * min(sizes[one], sizes[other]))
    ]
    if not lines:
        return ""
    head = (
        "own: cells that seem to be the same cell, saved again or photographed twice, so that "
        "training may see test images; leave one of them out, or give both one case and split by "
        f"cases: {len(lines):,}"
    )
    return listed_below(head, lines, most=MOST_PROBLEMS)
