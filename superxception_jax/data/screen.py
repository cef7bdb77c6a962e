"""Images that are not one chromosome of their cell, found before they can affect the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Screened:
    """What is wrong with an image.

    Attributes:
        index: Index of the image.
        reason: Why it can't be one chromosome of this cell, as half a sentence for users.
    """

    index: int
    reason: str


def screen_cell(
    images: Sequence[np.ndarray], *, names: Sequence[str], background: str
) -> tuple[Screened, ...]:
    """Return the images that are not one chromosome of their cell, in the order of the images.

    Args:
        images: N arrays u8[H,W] with a black or white background, see `level_cell`.
        names: N names, for reasons that mention another image.
        background: "dark" or "light".

    Returns:
        At most one entry per image; empty if every image may be a chromosome.
    """
    del images, names, background
    return ()
