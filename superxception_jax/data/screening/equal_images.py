"""Images that are in a data set twice: equal files, or equal pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from superxception_jax.wording import quantity

MOST_SHOWN = 3
# Share of the images of the smaller cell from which two cells count as one: more than a few files
# that were put into the wrong folder, less than what is left of a copy that was cleaned up.
LEAST_SHARE = 0.25


@dataclass(frozen=True)
class Fingerprint:
    """The content of an image, and where it is.

    Attributes:
        cell: Name of the cell.
        name: Name of the file for messages.
        digest: Hash of the content.
    """

    cell: str
    name: str
    digest: str


def find_equal_images(images: Iterable[Fingerprint]) -> tuple[list[str], list[str]]:
    """Return what is twice, as one line per group of equal images.

    Args:
        images: Contents of all images.

    Returns:
        Groups within a cell, and groups across cells.
    """
    groups: dict[str, list[Fingerprint]] = {}
    for image in images:
        groups.setdefault(image.digest, []).append(image)
    within: list[str] = []
    across: list[str] = []
    for group in groups.values():
        if len(group) < 2:
            continue
        cells = {image.cell for image in group}
        names = ", ".join(f"`{image.name}`" for image in group)
        (within if len(cells) < len(group) else across).append(names)
    return within, across


def twin_problems(
    within: Sequence[str], across: Sequence[str], *, twins: str
) -> tuple[list[str], str]:
    """Return what must be mended about equal images, and what the user must know.

    Args:
        within: Groups within a cell, from `find_equal_images`.
        across: Groups across cells.
        twins: "refuse" or "allow" those across cells.

    Returns:
        One line per problem; and a sentence about what is allowed, empty without any.
    """
    problems = [f"{names} are the same image in one cell; delete all but one" for names in within]
    if twins == "refuse":
        problems += [
            f"{names} are the same image in several cells, so that training would see test "
            "images; delete all but one, or set `data.own_twins` to allow"
            for names in across
        ]
        return problems, ""
    if not across:
        return problems, ""
    shown = "; ".join(across[:MOST_SHOWN]) + ("; ..." if len(across) > MOST_SHOWN else "")
    return problems, (
        f"own: {quantity(len(across), 'image is', 'images are')} in several cells, so that "
        f"training may see test images (`data.own_twins` allows it): {shown}"
    )
