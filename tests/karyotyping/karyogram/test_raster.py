"""The raster picture against matplotlib's drawing of the same karyogram."""

from __future__ import annotations

import dataclasses
import functools

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from superxception_jax.karyotyping.karyogram.items import (
    DOTS_PER_INCH,
    Box,
    Item,
    Karyogram,
    Marker,
    Outline,
    PlacedIdeogram,
    PlacedPicture,
    Stroke,
    Writing,
)
from superxception_jax.karyotyping.karyogram.raster import GREYS, karyogram_raster
from superxception_jax.karyotyping.karyogram.vector import karyogram_figure
from tests.karyotyping.karyogram.example_cells import laid_out

# Pixels whose colours differ by more are another thing, or the same at another place.
STRONG = 100
AROUND_PX = 4
SHIFT_PX = 4
# Difference between the two pictures of an item, relative to its ink. Measured: three quarters of
# these. The stripes of variable regions begin at other places.
BOUNDS = {
    Writing: 0.35,
    Box: 0.09,
    Stroke: 0.09,
    Outline: 0.3,
    Marker: 0.13,
    PlacedPicture: 0.08,
    PlacedIdeogram: 0.22,
}


def raster_colours(karyogram: Karyogram) -> np.ndarray:
    raster = karyogram_raster(karyogram)
    return raster.palette[raster.pixels].astype(int)


def vector_colours(karyogram: Karyogram) -> np.ndarray:
    # A fraction of a pixel at the bottom would shift the whole drawing by as much.
    width_in, height_in = ((side + 1e-6) / DOTS_PER_INCH for side in karyogram.size_px)
    karyogram = dataclasses.replace(karyogram, width_in=width_in, height_in=height_in)
    # Hinted letters are wider by up to 2 %, also than those of the SVG.
    with matplotlib.rc_context({"text.hinting": "no_hinting"}):
        canvas = FigureCanvasAgg(karyogram_figure(karyogram))
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def area_px(item: Item) -> tuple[slice, slice]:
    """Return the rows and columns of an item on the page."""
    match item:
        case Marker():
            (right, down), radius = item.middle_in, item.radius_in
            sides = (right - radius, down - radius, right + radius, down + radius)
        case PlacedIdeogram():
            (right, down), half = item.middle_in, item.width_in / 2
            sides = (right - half, down, right + half, down)
        case Stroke():
            xs, ys = zip(*item.points_in, strict=True)
            sides = (min(xs), min(ys), max(xs), max(ys))
        case Writing():
            size_in = item.size_points / 72
            width_in = 0.5 * size_in * len(item.text)
            top = item.baseline_in - 0.7 * size_in
            sides = (item.left_in, top, item.left_in + width_in, item.baseline_in)
        case _:
            right, down = item.left_in + item.width_in, item.top_in + item.height_in
            sides = (item.left_in, item.top_in, right, down)
    left, top, right, bottom = (round(side * DOTS_PER_INCH) for side in sides)
    return (
        slice(max(0, top - AROUND_PX), bottom + AROUND_PX),
        slice(max(0, left - AROUND_PX), right + AROUND_PX),
    )


def moved(item: Item, distance_px: float) -> Item:
    """Return an item to the right of its place and below it."""
    step = distance_px / DOTS_PER_INCH
    match item:
        case Marker() | PlacedIdeogram():
            right, down = item.middle_in
            return dataclasses.replace(item, middle_in=(right + step, down + step))
        case Stroke():
            points = tuple((right + step, down + step) for right, down in item.points_in)
            return dataclasses.replace(item, points_in=points)
        case Writing():
            down = item.baseline_in + step
            return dataclasses.replace(item, left_in=item.left_in + step, baseline_in=down)
        case _:
            down = item.top_in + step
            return dataclasses.replace(item, left_in=item.left_in + step, top_in=down)


@functools.cache
def both(name: str) -> tuple[np.ndarray, np.ndarray]:
    _, karyogram = laid_out(name)
    return raster_colours(karyogram), vector_colours(karyogram)


@pytest.mark.parametrize("name", ["trisomy", "turner", "losses"])
def test_the_raster_picture_is_that_of_matplotlib(name: str):
    ours, theirs = both(name)
    assert ours.shape == theirs.shape == (*laid_out(name)[1].size_px[::-1], 3)
    apart = np.abs(ours - theirs).max(axis=2)
    # Measured: up to 1.9 of 255, and 0.0062 of the pixels, at the edges of letters and bands.
    assert apart.mean() < 2.5
    assert (apart > STRONG).mean() < 0.008


@pytest.mark.parametrize("name", ["trisomy", "turner"])
@pytest.mark.parametrize("kind", BOUNDS, ids=lambda kind: kind.__name__)
def test_every_item_is_where_matplotlib_has_it_and_a_missing_or_shifted_one_is_found(
    name: str, kind: type
):
    _, karyogram = laid_out(name)
    ours, theirs = both(name)
    page = theirs[0, 0]
    items = [item for item in karyogram.items if isinstance(item, kind)]
    shifted = [
        moved(item, SHIFT_PX) if isinstance(item, kind) else item for item in karyogram.items
    ]
    missing = [item for item in karyogram.items if not isinstance(item, kind)]
    wrong = [
        raster_colours(dataclasses.replace(karyogram, items=tuple(changed)))
        for changed in (shifted, missing)
    ]
    for item in items:
        area = area_px(item)
        ink = np.abs(theirs[area] - page).sum()
        good, *bad = (np.abs(one[area] - theirs[area]).sum() / ink for one in (ours, *wrong))
        assert good < BOUNDS[kind] < min(bad), item


@pytest.mark.parametrize("name", ["trisomy", "turner"])
def test_a_raster_picture_is_the_same_every_time_and_has_few_colours(name: str):
    _, karyogram = laid_out(name)
    first, second = karyogram_raster(karyogram), karyogram_raster(karyogram)
    assert first.pixels.dtype == np.uint8
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert GREYS < len(first.palette) <= 256
    assert first.pixels.max() < len(first.palette)
    greys = first.palette[:GREYS].astype(int)
    assert (greys == greys[:, :1]).all()
    assert (np.diff(greys[:, 0]) > 0).all()
    assert (greys[0, 0], greys[-1, 0]) == (0, 255)
