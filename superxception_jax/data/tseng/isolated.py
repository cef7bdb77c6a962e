"""The chromosomes of a metaphase picture that stand alone in their box, cut out.

What touches anything else is left out: where one chromosome ends and the next begins is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from superxception_jax.arrays import check
from superxception_jax.data.normalization.background_level import Level, View, measure_level
from superxception_jax.data.normalization.crop import (
    BACKGROUND_NOISE_LEVEL,
    fill_holes,
    with_fringe,
)
from superxception_jax.data.tseng.boxes import Box

# Of the darkness of the chromosomes: below the palest bands, above dirt and the noise of JPEG.
FOREGROUND_SHARE = 0.2
# Of the median area of the picture's boxes; the smallest chromosomes cover about a sixth.
SMALLEST_SHARE = 0.05
INSIDE_SHARE = 0.95  # of a component's pixels must be in its box, which may cut its blurred edge
SIDE_SHARE = 0.5  # of a side of the box; what is shorter is a part of the box's chromosome
MARGIN_PX = 4
_SAMPLED_PX = 4  # every fourth row and column tells the background
_SQUARE = np.ones((3, 3), bool)


@dataclass(frozen=True)
class IsolatedChromosome:
    """A chromosome that stands alone, on white.

    Attributes:
        number: Index of its box.
        image: u8[h,w], grey levels relative to the background; white around the chromosome.
        top_px: Row of the picture where the image begins (may be negative).
        left_px: Column of the picture where the image begins (may be negative).
    """

    number: int
    image: np.ndarray
    top_px: int
    left_px: int


def cut_out_isolated(picture: np.ndarray, boxes: Sequence[Box]) -> list[IsolatedChromosome]:
    """Cut the chromosomes that stand alone out of a picture.

    A chromosome stands alone if it is the one component of chromosome size in exactly one box.

    Args:
        picture: u8[H,W], dark chromosomes on a light background.
        boxes: The boxes of its chromosomes, within the picture.

    Returns:
        The chromosomes in the order of their boxes; none where less than half of the picture is
        an even light background, or no chromosome stands alone.
    """
    check(picture=(picture, "u8[H,W]"))
    level = find_background(picture)
    if level is None or not boxes:
        return []
    # Transmitted light: grey levels are divided by the background.
    light = np.minimum(picture * (255.0 / np.maximum(level.plane(picture.shape), 1.0)), 255.0)
    foreground = _find_foreground(255.0 - light, boxes)
    components, count = ndimage.label(foreground, structure=_SQUARE)
    areas = np.bincount(components.ravel(), minlength=count + 1)
    areas[0] = 0
    smallest = SMALLEST_SHARE * np.median([_area(box) for box in boxes])
    found = match_boxes(components, areas, boxes, smallest_px=float(smallest))
    places = ndimage.find_objects(components)
    return [
        _cut(light, components, component, places[component - 1], number)
        for number, component in enumerate(found)
        if component and _fills(places[component - 1], boxes[number], picture.shape)
    ]


def find_background(picture: np.ndarray) -> Level | None:
    """Return the light background of a picture, which may slope.

    Args:
        picture: u8[H,W].

    Returns:
        The level; None unless at least half of the picture is an even light background.
    """
    grey = picture[::_SAMPLED_PX, ::_SAMPLED_PX].astype(np.float64)
    low, high = np.percentile(grey, (1, 99))
    whole = np.ones(grey.shape, bool)
    # The chromosomes lie anywhere, so that the border is no better a place to look than the rest.
    view = View(grey, whole, (0, 0, 0, 0), whole, whole, float(low), float(high))
    level = measure_level(view, kind="light")
    return level if level.trusted else None


def match_boxes(
    components: np.ndarray, areas: np.ndarray, boxes: Sequence[Box], *, smallest_px: float
) -> list[int]:
    """Return the component that stands alone in each box.

    Args:
        components: i32[H,W], 0 for background.
        areas: i64[1 + number of components], 0 for background.
        boxes: N boxes.
        smallest_px: Pixels of the smallest component of chromosome size.

    Returns:
        N numbers of components; 0 where a box holds none or several, or its component is also in
        another box, or fills most of what another box shows.
    """
    mains, held = [], []
    for box in boxes:
        counts = np.bincount(components[box.slices].ravel(), minlength=len(areas))
        counts[0] = 0
        mains.append(int(counts.argmax()) if counts.any() else 0)
        contained = (areas >= smallest_px) & (counts >= INSIDE_SHARE * areas)
        held.append([int(one) for one in np.flatnonzero(contained)])
    shown, owned = Counter(mains), Counter(one for several in held for one in several)
    # A small chromosome that touches a large one may lie in the box of the large one with it; it
    # is then what its own box mainly shows.
    return [
        main if several == [main] and owned[main] == 1 and shown[main] == 1 else 0
        for main, several in zip(mains, held, strict=True)
    ]


def _find_foreground(dark: np.ndarray, boxes: Sequence[Box]) -> np.ndarray:
    """Return bool[H,W], what is darker than the background, without hairs and bridges."""
    # Nuclei are darker than chromosomes, and outside the boxes.
    darkest = float(np.median([np.percentile(dark[box.slices], 99) for box in boxes]))
    foreground = dark > max(BACKGROUND_NOISE_LEVEL, FOREGROUND_SHARE * darkest)
    return ndimage.binary_opening(foreground, structure=_SQUARE)


def _area(box: Box) -> int:
    return (box.right_px - box.left_px) * (box.bottom_px - box.top_px)


def _fills(place: tuple[slice, slice], box: Box, shape: tuple[int, ...]) -> bool:
    """Return whether a component is a whole chromosome: long enough for its box, not cut off."""
    for one, side, length in zip(place, box.slices, shape, strict=True):
        if one.stop - one.start < SIDE_SHARE * (side.stop - side.start):
            return False
        if one.start == 0 or one.stop == length:
            return False
    return True


def _cut(
    light: np.ndarray,
    components: np.ndarray,
    component: int,
    place: tuple[slice, slice],
    number: int,
) -> IsolatedChromosome:
    """Return a component with its blurred edge, everything else white."""
    top, left = (one.start - MARGIN_PX for one in place)
    bottom, right = (one.stop + MARGIN_PX for one in place)
    height, width = light.shape
    rows, columns = slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width))
    cut = components[rows, columns]
    mask = fill_holes(cut == component)
    near = with_fringe(mask)
    # The edges of others end where this one's begins.
    near &= (cut == 0) | mask
    image = np.full((bottom - top, right - left), 255, np.uint8)
    inner = image[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    inner[near] = np.rint(light[rows, columns][near]).astype(np.uint8)
    return IsolatedChromosome(number, image, top, left)
