"""The small parts of a karyogram's raster picture: letters, discs, dashed outlines, ideograms.

A tile is antialiased by drawing it `FINE` times as large. Lengths are pixels of the page.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from superxception_jax.karyotyping.karyogram.fonts import font_file
from superxception_jax.karyotyping.karyogram.ideogram import (
    BandExtent,
    band_extents,
    half_widths_in,
)
from superxception_jax.karyotyping.karyogram.items import (
    DOTS_PER_INCH,
    IDEOGRAM_EDGE_POINTS,
    OUTLINE_DASHES,
    OUTLINE_POINTS,
)
from superxception_jax.karyotyping.karyogram.style import PALETTES
from superxception_jax.karyotyping.karyogram.text import POINTS_PER_INCH

FINE = 4
# Letters begin at a multiple of 1 / PHASES of a pixel.
PHASES = 4
PX_PER_POINT = DOTS_PER_INCH / POINTS_PER_INCH
# Horizontal period and thickness of the stripes of variable regions.
_HATCH_PERIOD_PX, _HATCH_PX = 16.7, 5.9
_CORNER_POINTS = 8
# Pixels around an ideogram, for its edge.
TILE_MARGIN_PX = 3


@functools.lru_cache(maxsize=4096)
def letter_tile(
    letter: str, *, size_px: float, bold: bool, italic: bool, phase: int
) -> tuple[Image.Image, int, int]:
    """Return a letter.

    Args:
        letter: One character.
        size_px: Font size.
        bold: Whether the font is bold.
        italic: Whether the font is italic.
        phase: How far right of a whole pixel it begins, in 1 / `PHASES` of a pixel.

    Returns:
        Its opacity, and how far right of its place and below its line the tile begins.
    """
    font = _font(size_px * PHASES, bold, italic)
    left, top, right, bottom = font.getbbox(letter, anchor="ls")
    first, last = math.floor((left + phase) / PHASES), math.ceil((right + phase) / PHASES)
    first_row, last_row = math.floor(top / PHASES), math.ceil(bottom / PHASES)
    size = (max(1, last - first) * PHASES, max(1, last_row - first_row) * PHASES)
    large = Image.new("L", size)
    place = (phase - first * PHASES, -first_row * PHASES)
    ImageDraw.Draw(large).text(place, letter, fill=255, font=font, anchor="ls")
    return large.reduce(PHASES), first, first_row


@functools.cache
def _font(size_px: float, bold: bool, italic: bool) -> ImageFont.FreeTypeFont:
    # The layout is that of `Widths`; the other engine of Pillow isn't there on every computer.
    path = str(font_file(bold=bold, italic=italic))
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(maxsize=64)
def disc_tile(radius_px: float, side_px: int) -> Image.Image:
    """Return the opacity of a disc.

    Args:
        radius_px: Radius.
        side_px: Side of the tile, in whose middle it is.
    """
    large = Image.new("L", (side_px * FINE, side_px * FINE))
    middle = side_px * FINE / 2 - 0.5
    ImageDraw.Draw(large).circle((middle, middle), radius_px * FINE, fill=255)
    return large.reduce(FINE)


def outline_tile(width_px: int, height_px: int, *, radius_px: float) -> Image.Image:
    """Return the opacity of a dashed rectangle with round corners.

    Args:
        width_px: Width.
        height_px: Height.
        radius_px: Size of the corners.

    Returns:
        A tile larger than the outline by `TILE_MARGIN_PX` on each side.
    """
    sides = (width_px + 2 * TILE_MARGIN_PX, height_px + 2 * TILE_MARGIN_PX)
    large = Image.new("L", (sides[0] * FINE, sides[1] * FINE))
    draw = ImageDraw.Draw(large)
    thickness_px = OUTLINE_POINTS * PX_PER_POINT
    path = (_round_path(width_px, height_px, radius_px) + TILE_MARGIN_PX) * FINE
    reached = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    dash, gap = (share * thickness_px * FINE for share in OUTLINE_DASHES)
    for start in np.arange(0.0, reached[-1], dash + gap):
        stop = min(start + dash, reached[-1])
        inside = reached[(reached > start) & (reached < stop)]
        places = np.concatenate([[start], inside, [stop]])
        points = np.stack([np.interp(places, reached, path[:, side]) for side in (0, 1)], axis=1)
        corners = [(float(x), float(y)) for x, y in points]
        draw.line(corners, fill=255, width=round(thickness_px * FINE))
    return large.reduce(FINE)


def _round_path(width: float, height: float, radius: float) -> np.ndarray:
    """Return f64[K,2], a closed path around a rectangle whose corners are parabolas.

    It begins at the left of the upper side, as `FancyBboxPatch` does.
    """
    corners = np.array([(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)])
    share = np.linspace(0.0, 1.0, _CORNER_POINTS)[:, None]
    path = []
    for corner, before, after in zip(
        corners, np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0), strict=True
    ):
        first = corner + radius * np.sign(before - corner)
        last = corner + radius * np.sign(after - corner)
        path.append((1 - share) ** 2 * first + 2 * share * (1 - share) * corner + share**2 * last)
    return np.concatenate([path[0][-1:], *path[1:], path[0]])


@functools.lru_cache(maxsize=1024)
def ideogram_tile(
    label: int, *, length_px: int, width_px: float, background: str, levels: int
) -> tuple[Image.Image, Image.Image, int, int]:
    """Return the ideogram of a class.

    Args:
        label: Class, an index in `CLASS_NAMES`.
        length_px: Length.
        width_px: Width.
        background: A key of `PALETTES`.
        levels: Value of white.

    Returns:
        Its greys, its opacity, and how far right of the middle of the centromere (negative: left)
        and below it the tile begins.
    """
    length_in, width_in = length_px / DOTS_PER_INCH, width_px / DOTS_PER_INCH
    extents = band_extents(label, length_in=length_in)
    top = math.floor(extents[0].start_in * DOTS_PER_INCH) - TILE_MARGIN_PX
    bottom = math.ceil(extents[-1].stop_in * DOTS_PER_INCH) + TILE_MARGIN_PX
    left = -math.ceil(width_px / 2) - TILE_MARGIN_PX
    places = top + (np.arange((bottom - top) * FINE) + 0.5) / FINE
    half = half_widths_in(
        label, places / DOTS_PER_INCH, length_in=length_in, width_in=width_in
    ).astype(np.float32)
    half *= DOTS_PER_INCH
    # The edge lies half inside and half outside.
    outer, inner = _offset_widths(half, IDEOGRAM_EDGE_POINTS * PX_PER_POINT / 2)
    # Of the right half, which the left one mirrors.
    middles = np.arange(-left, dtype=np.float32) + 0.5
    whole, filled = (
        np.clip(widths[:, None] + 0.5 - middles, 0.0, 1.0) for widths in (outer, inner)
    )
    ink = 0 if PALETTES[background].page == "white" else levels
    filled *= (_band_rows(extents, places, background=background, levels=levels) - ink)[:, None]
    opacity, light = (_both_halves(values) for values in (whole, filled))
    for one in extents:
        if one.hatched:
            start, stop = (round(end * DOTS_PER_INCH) - top for end in (one.start_in, one.stop_in))
            light[start:stop] *= 1.0 - _stripes(stop - start, light.shape[1])
    greys = ink + light / np.maximum(opacity, 1e-6)
    tiles = (np.rint(values).astype(np.uint8) for values in (greys, 255 * opacity))
    grey_tile, opacity_tile = (Image.fromarray(tile) for tile in tiles)
    return grey_tile, opacity_tile, left, top


def _both_halves(fine: np.ndarray) -> np.ndarray:
    """Return the means of the fine rows of each pixel, and their mirror image to the left."""
    means = functools.reduce(np.add, (fine[first::FINE] for first in range(FINE))) / FINE
    return np.concatenate([means[:, ::-1], means], axis=1)


def _offset_widths(half: np.ndarray, distance_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the half widths of what is within a distance of a shape, and of what is inside it.

    Half of the shape's own width stands in each fine row; a disc rolls along its edge.
    """
    reach = int(distance_px * FINE)
    padded = np.full(len(half) + 2 * reach, -np.inf, np.float32)
    padded[reach : reach + len(half)] = half
    outer, inner = np.full_like(half, -np.inf), np.full_like(half, np.inf)
    for shift in range(-reach, reach + 1):
        side = np.float32(math.sqrt(distance_px**2 - (shift / FINE) ** 2))
        shifted = padded[reach + shift :][: len(half)]
        np.maximum(outer, shifted + side, out=outer)
        np.minimum(inner, shifted - side, out=inner)
    return outer, inner


def _stripes(rows: int, columns: int) -> np.ndarray:
    """Return f64[rows, columns], how much of each pixel is in a stripe; they rise to the right."""
    phase = (np.arange(rows)[:, None] + np.arange(columns)) % _HATCH_PERIOD_PX
    return np.clip(_HATCH_PX / 2 + 0.5 - np.abs(phase - _HATCH_PERIOD_PX / 2), 0.0, 1.0)


def _band_rows(
    extents: Sequence[BandExtent], places: np.ndarray, *, background: str, levels: int
) -> np.ndarray:
    """Return f32[S], the grey of the bands in each fine row."""
    palette = PALETTES[background]
    starts = np.array([one.start_in for one in extents]) * DOTS_PER_INCH
    band = np.maximum(np.searchsorted(starts, places, side="right") - 1, 0)
    greys = [levels * float(palette.band(one.density)) for one in extents]
    return np.array(greys, np.float32)[band]
