"""The background of a cell's images: one polarity and level per cell, brought to black or white.

All images of a cell come from one preparation and one camera. Decided image by image, a single odd
one would be read as a negative, or all of its box as the chromosome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.data.images.grey_levels import GreyRange, find_ranges, robust_maximum
from superxception_jax.data.images.image_file import OPAQUE, DecodedImage
from superxception_jax.data.normalization.background_level import (
    Level,
    constant_level,
    look_at,
    measure_level,
    vote,
)
from superxception_jax.data.normalization.crop import BACKGROUND_NOISE_LEVEL
from superxception_jax.data.options import BACKGROUNDS

_WHITE = 255 - BACKGROUND_NOISE_LEVEL
# In a cell on black or white, an image with a background as far from it is an odd one. Less is a
# chromosome at the border, or a halo.
_ODD_LEVELS = 24.0
# No illumination differs as much within a cell: the box is full of chromosome.
_LARGEST_DIFFERENCE = 100.0
# Brightness of a cell on a dark background: the Padova cells have 104 to 208. Below a third of the
# smallest, the bands of a chromosome would be a few grey levels, near the noise.
DIM_BRIGHTNESS = 32.0
NORMAL_BRIGHTNESS = 160.0
_FEWEST_STEPS = 16  # of the file's grey levels; stretching fewer would invent bands


@dataclass(frozen=True)
class CellBackground:
    """What was decided about the background of a cell.

    Attributes:
        kind: "dark" (Q-band) or "light" (G-band).
        level: Median background level of the images, as a share of the grey range, 0..1.
        bits: Bit depth by which the grey levels were scaled to 8 bits; 32 for floating-point
            numbers, which are scaled by their range.
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

    A light background is transmitted light: grey levels are divided by it. A dark one is added
    light, and subtracted; a very dim cell is then stretched by one factor. Transparent pixels and
    constant frames become background.

    Args:
        images: N decoded images of one cell.
        background: "dark", "light", or "auto": decided for the whole cell.

    Returns:
        The images and what was decided. Images whose background is black or white already, but
        for noise, keep their pixels.

    Raises:
        ValueError: `background` is none of the three, or there are no images.
    """
    if background not in BACKGROUNDS:
        raise ValueError(
            f"`background` must be one of {BACKGROUNDS}, got {background!r}; choose one."
        )
    if len(images) == 0:
        raise ValueError("`images` must be at least 1 image, got none; pass the whole cell.")
    ranges, bits = find_ranges(
        [one.grey for one in images], stated_bits=[one.bits for one in images]
    )
    pairs = list(zip(images, ranges, strict=True))
    # One image after the other, because some pictures are large.
    seen = [_see(*pair, background=background) for pair in pairs]
    if background == "auto":
        background = "light" if _majority([one.vote for one in seen]) else "dark"
        seen = [
            one if one.kind == background else _see(*pair, background=background)
            for one, pair in zip(seen, pairs, strict=True)
        ]
    cell_level = _cell_level([one.level for one in seen], kind=background)
    stretch = _stretch(seen, cell_level, bits=bits) if background == "dark" else 1.0
    leveled = []
    for (one, grey_range), sight in zip(pairs, seen, strict=True):
        level = _own_or_cell_level(sight.level, cell_level, kind=background)
        leveled.append(
            _level_image(one, grey_range, sight, level=level, kind=background, stretch=stretch)
        )
    share = float(np.clip(cell_level.level / 255, 0, 1))
    return LeveledCell(tuple(leveled), CellBackground(background, share, bits))


def fill_transparency(image: DecodedImage, *, background: str) -> np.ndarray:
    """Return an image of 8 bits with its transparent pixels filled, everything else as it is.

    For sets whose background is known to be black or white.

    Args:
        image: Decoded image u8[H,W].
        background: "dark" or "light".

    Returns:
        u8[H,W].

    Raises:
        ValueError: The image has more than 8 bits.
    """
    if image.grey.dtype != np.uint8:
        raise ValueError(f"pixels must have 8 bits, got {image.grey.dtype}")
    if image.opacity is None:
        return image.grey
    filled = _fill(image.grey.astype(np.float32), image.opacity, 255.0 * (background == "light"))
    return np.rint(filled).astype(np.uint8)


def _fill(grey: np.ndarray, opacity: np.ndarray, background: float) -> np.ndarray:
    return opacity * grey + (1 - opacity) * background


@dataclass(frozen=True)
class _Sight:
    """What was seen of an image: votes for light, kind of its level, brightness, frame."""

    vote: int
    kind: str
    level: Level
    brightness: float
    frame_px: tuple[int, int, int, int]


def _see(image: DecodedImage, grey_range: GreyRange, *, background: str) -> _Sight:
    """Return what is seen of an image; "auto" is what it votes for itself."""
    opaque = None if image.opacity is None else image.opacity >= OPAQUE
    view = look_at(grey_range.apply(image.grey), opaque)
    votes = vote(view) if background == "auto" else 0
    kind = background if background != "auto" else ("light" if votes > 0 else "dark")
    return _Sight(
        vote=votes,
        kind=kind,
        level=measure_level(view, kind=kind),
        brightness=robust_maximum(view.grey[view.inside]),
        frame_px=view.frame_px,
    )


def _majority(votes: Sequence[int]) -> bool:
    """Return whether most images have a light background; in doubt by the sum of the signs."""
    light = sum(one > 0 for one in votes) - sum(one < 0 for one in votes)
    return light > 0 or (light == 0 and sum(votes) > 0)


def _cell_level(levels: Sequence[Level], *, kind: str) -> Level:
    """Return the level of the images that show one; black or white if too few do."""
    trusted = [one.level for one in levels if one.trusted]
    if len(trusted) * 4 < len(levels):
        return constant_level(255.0 if kind == "light" else 0.0)
    return constant_level(float(np.median(trusted)))


def _own_or_cell_level(own: Level, cell: Level, *, kind: str) -> Level:
    if not own.trusted:
        return cell
    if abs(own.level - cell.level) > _LARGEST_DIFFERENCE:
        return cell
    plain = cell.level >= _WHITE if kind == "light" else cell.level <= BACKGROUND_NOISE_LEVEL
    return cell if plain and abs(own.level - cell.level) <= _ODD_LEVELS else own


def _stretch(seen: Sequence[_Sight], cell_level: Level, *, bits: int) -> float:
    """Return the factor of a very dim cell on a dark background, 1 for any other."""
    brightness = float(np.median([one.brightness for one in seen])) - cell_level.level
    steps = brightness / 255 * 2**bits
    if brightness >= DIM_BRIGHTNESS or steps < _FEWEST_STEPS:
        return 1.0
    return NORMAL_BRIGHTNESS / brightness


def _level_image(
    image: DecodedImage,
    grey_range: GreyRange,
    sight: _Sight,
    *,
    level: Level,
    kind: str,
    stretch: float,
) -> np.ndarray:
    """Return an image u8[H,W] on black or white."""
    grey = grey_range.apply(image.grey)
    black_or_white = 255.0 if kind == "light" else 0.0
    if kind == "light":
        if level.level < _WHITE:
            grey = grey * (255.0 / np.maximum(level.plane(grey.shape), 1.0))
    else:
        if level.level > BACKGROUND_NOISE_LEVEL:
            grey = grey - level.plane(grey.shape)
        grey = grey * stretch
    _clear_frame(grey, sight.frame_px, to=black_or_white)
    if image.opacity is not None:
        grey = _fill(grey, image.opacity, black_or_white)
    return np.rint(np.clip(grey, 0, 255)).astype(np.uint8)


def _clear_frame(grey: np.ndarray, frame_px: tuple[int, int, int, int], *, to: float) -> None:
    """Make a frame background, side by side, unless it is background already."""
    for lines, width in zip((grey, grey[::-1], grey.T, grey.T[::-1]), frame_px, strict=True):
        if width and abs(float(np.median(lines[0])) - to) > 2 * BACKGROUND_NOISE_LEVEL:
            lines[:width] = to
