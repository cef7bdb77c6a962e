"""Paint a karyogram pixel by pixel, in a tenth of the time that matplotlib takes.

The picture is indexed: the first `GREYS` colours of its palette are grey levels from black to
white, in whose numbers shades mix linearly; the others are those of bars and markers.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from superxception_jax.karyotyping.karyogram.fonts import load_widths
from superxception_jax.karyotyping.karyogram.items import (
    DISC_EDGE_POINTS,
    DOTS_PER_INCH,
    Box,
    Karyogram,
    Marker,
    Outline,
    PlacedIdeogram,
    PlacedPicture,
    Stroke,
    Writing,
)
from superxception_jax.karyotyping.karyogram.picture import shade_picture
from superxception_jax.karyotyping.karyogram.style import CONFIDENCES, PALETTES, Palette, rgb
from superxception_jax.karyotyping.karyogram.tiles import (
    PHASES,
    PX_PER_POINT,
    TILE_MARGIN_PX,
    disc_tile,
    ideogram_tile,
    letter_tile,
    outline_tile,
)

GREYS = 224
_WHITE = GREYS - 1
# Steps from the colour of the markers to that of their edges, and to that of their numbers.
_STEPS = 8


@dataclass(frozen=True)
class Raster:
    """An indexed picture.

    Attributes:
        pixels: u8[H,W], index of each pixel's colour.
        palette: u8[P,3], red, green and blue.
    """

    pixels: np.ndarray
    palette: np.ndarray


def karyogram_raster(karyogram: Karyogram) -> Raster:
    """Return a karyogram as a picture at `DOTS_PER_INCH`.

    Args:
        karyogram: Karyogram of `draw_karyogram`.

    Returns:
        The picture, of the size `karyogram.size_px`.
    """
    palette = PALETTES[karyogram.background]
    page = Image.new("L", karyogram.size_px, _grey(palette.page))
    for item in karyogram.items:
        match item:
            case Writing():
                _write(page, item, _grey(item.colour))
            case Box():
                left, top = _pixel(item.left_in), _pixel(item.top_in)
                right = _pixel(item.left_in + item.width_in)
                bottom = _pixel(item.top_in + item.height_in)
                colour = _confidence_index(item.colour)
                ImageDraw.Draw(page).rectangle(
                    (left, top, max(left, right), max(top, bottom)),
                    fill=colour,
                    outline=_grey(item.edge),
                )
            case Stroke():
                _paint_stroke(page, item)
            case Outline():
                tile = outline_tile(
                    _pixel(item.width_in),
                    _pixel(item.height_in),
                    radius_px=item.radius_in * DOTS_PER_INCH,
                )
                left, top = _pixel(item.left_in), _pixel(item.top_in)
                place = (left - TILE_MARGIN_PX, top - TILE_MARGIN_PX)
                page.paste(_grey(item.colour), _area(place, tile), tile)
            case PlacedPicture():
                _paint_picture(page, item, karyogram)
            case PlacedIdeogram():
                _paint_ideogram(page, item, karyogram.background)
            case Marker():
                _paint_marker(page, item)
    return Raster(np.asarray(page), _colours(palette))


def _pixel(distance_in: float) -> int:
    return round(distance_in * DOTS_PER_INCH)


def _grey(colour: str) -> int:
    """Return the index of a grey."""
    return round(rgb(colour)[0] / 255 * _WHITE)


def _confidence_index(colour: str) -> int:
    return GREYS + [one for _, one, _ in CONFIDENCES].index(colour)


@functools.cache
def _colours(palette: Palette) -> np.ndarray:
    """Return u8[P,3], all colours of a picture: greys, those of the bars, those of the markers."""
    greys = np.rint(np.arange(GREYS) * 255 / _WHITE)[:, None].repeat(3, axis=1)
    bars = np.array([rgb(colour) for _, colour, _ in CONFIDENCES])
    marker = np.array(rgb(palette.marker))
    share = np.arange(_STEPS)[:, None] / _STEPS
    mixed = [marker + share * (np.array(rgb(end)) - marker) for end in (palette.ink, "white")]
    return np.rint(np.concatenate([greys, bars, *mixed])).astype(np.uint8)


def _area(place: tuple[int, int], tile: Image.Image) -> tuple[int, int, int, int]:
    return (place[0], place[1], place[0] + tile.width, place[1] + tile.height)


def _write(page: Image.Image, item: Writing, value: int) -> None:
    """Write a line of text, letter by letter."""
    size_px = item.size_points * PX_PER_POINT
    left_px, baseline_px = item.left_in * DOTS_PER_INCH, _pixel(item.baseline_in)
    places = load_widths(bold=item.bold, italic=item.italic).places(item.text)
    for letter, place in zip(item.text, places, strict=False):
        if letter == " ":
            continue
        whole, phase = divmod(round((left_px + place * size_px) * PHASES), PHASES)
        tile, right, down = letter_tile(
            letter, size_px=size_px, bold=item.bold, italic=item.italic, phase=phase
        )
        page.paste(value, _area((whole + right, baseline_px + down), tile), tile)


def _paint_stroke(page: Image.Image, item: Stroke) -> None:
    """Paint horizontal and vertical lines, which reach half their width beyond their ends.

    As in Agg they run along the middle of pixels, or between two, so that they are sharp.
    """
    width_px = item.width_points * PX_PER_POINT
    shift = math.floor(width_px + 0.5) % 2 / 2
    points = np.floor(np.array(item.points_in) * DOTS_PER_INCH + 0.5) + shift
    for ends in itertools.pairwise(points):
        start, stop = np.min(ends, axis=0) - width_px / 2, np.max(ends, axis=0) + width_px / 2
        (left, across), (top, down) = (_coverage(start[side], stop[side]) for side in (0, 1))
        mask = Image.fromarray(np.rint(255 * down[:, None] * across).astype(np.uint8))
        page.paste(_grey(item.colour), _area((left, top), mask), mask)


def _coverage(start_px: float, stop_px: float) -> tuple[int, np.ndarray]:
    """Return the first pixel that a range covers, and f64[K], how much of each one."""
    first, last = math.floor(start_px), math.ceil(stop_px)
    places = np.arange(first, last)
    return first, np.minimum(places + 1, stop_px) - np.maximum(places, start_px)


def _paint_picture(page: Image.Image, item: PlacedPicture, karyogram: Karyogram) -> None:
    shade, opacity = shade_picture(
        item.picture.image,
        zoom=karyogram.in_per_px * DOTS_PER_INCH,
        white=karyogram.white,
        background=karyogram.background,
    )
    tile, mask = (
        Image.fromarray(np.rint(values * most).astype(np.uint8))
        for values, most in ((shade, _WHITE), (opacity, 255))
    )
    page.paste(tile, _area((_pixel(item.left_in), _pixel(item.top_in)), tile), mask)


def _paint_ideogram(page: Image.Image, item: PlacedIdeogram, background: str) -> None:
    greys, opacity, right, down = ideogram_tile(
        item.label,
        # Half a pixel at each end doesn't show, and the cells of a batch then share their tiles.
        length_px=2 * _pixel(item.length_in / 2),
        width_px=item.width_in * DOTS_PER_INCH,
        background=background,
        levels=_WHITE,
    )
    place = (_pixel(item.middle_in[0]) + right, _pixel(item.middle_in[1]) + down)
    page.paste(greys, _area(place, greys), opacity)


def _paint_marker(page: Image.Image, item: Marker) -> None:
    radius_px, edge_px = item.radius_in * DOTS_PER_INCH, DISC_EDGE_POINTS * PX_PER_POINT
    side = 2 * int(radius_px + edge_px + 1)
    left, top = (_pixel(middle_in) - side // 2 for middle_in in item.middle_in)
    whole = disc_tile(radius_px + edge_px / 2, side)
    area = _area((left, top), whole)
    page.paste(_grey(item.edge), area, whole)
    number = Image.new("L", (side, side))
    moved = Writing(
        item.number.text,
        left_in=item.number.left_in - left / DOTS_PER_INCH,
        baseline_in=item.number.baseline_in - top / DOTS_PER_INCH,
        size_points=item.number.size_points,
        colour=item.number.colour,
        bold=item.number.bold,
    )
    _write(number, moved, 255)
    inside = np.asarray(disc_tile(radius_px - edge_px / 2, side)) / 255
    written = np.asarray(number) / 255
    # First the marker's colour and its steps to the edge, then those to white.
    first = GREYS + len(CONFIDENCES)
    edged = first + np.rint((1 - inside) * _STEPS).clip(0, _STEPS - 1)
    numbered = first + _STEPS + np.rint(written * _STEPS).clip(0, _STEPS - 1)
    indices = np.where(written > 0, numbered, edged)
    indices = np.where(written > 1 - 0.5 / _STEPS, _WHITE, indices)
    tile = Image.fromarray(indices.astype(np.uint8))
    page.paste(tile, area, Image.fromarray((255 * (inside > 0.5 / _STEPS)).astype(np.uint8)))
