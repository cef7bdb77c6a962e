"""The background of a cell's images: one polarity and level per cell, brought to black or white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.data.crop import has_light_background
from superxception_jax.data.image_file import DecodedImage, scale_to_8_bits


@dataclass(frozen=True)
class CellBackground:
    """What was decided about the background of a cell.

    Attributes:
        kind: "dark" (Q-band) or "light" (G-band).
        level: Median background level of the images, as a share of the grey range, 0..1.
        bits: Bit depth by which the grey levels were scaled to 8 bits.
    """

    kind: str
    level: float
    bits: int


@dataclass(frozen=True)
class LeveledCell:
    """The images of a cell with a black or white background.

    Attributes:
        images: N arrays u8[H,W], in the order given; the background is 0 (dark) or 255 (light).
        background: What was decided.
    """

    images: tuple[np.ndarray, ...]
    background: CellBackground


def level_cell(images: Sequence[DecodedImage], *, background: str) -> LeveledCell:
    """Return the images of a cell in 8 bits, with their background at black or white.

    Args:
        images: N decoded images of one cell.
        background: "dark", "light", or "auto": decided for the whole cell.

    Returns:
        The images and what was decided. Images whose background is black or white already, but
        for noise, keep their pixels.

    Raises:
        ValueError: `background` is none of the three, or there are no images.
    """
    grey = scale_to_8_bits([one.grey for one in images])
    if background == "auto":
        light = sum(has_light_background(one) for one in grey)
        background = "light" if 2 * light > len(grey) else "dark"
    level = 1.0 if background == "light" else 0.0
    return LeveledCell(tuple(grey), CellBackground(background, level, 8))
