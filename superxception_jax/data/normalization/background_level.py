"""What the image of one chromosome says about its background: frame, polarity and level.

Grey levels are 0..255 as floating-point numbers. Everything is relative to the range of the image,
so that a dim exposure is read like a bright one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from superxception_jax.data.small_arrays import median, pad, percentile

_BAND_SHARE = 0.1  # of the shorter side: the border region
_BAND_PX = (2, 40)
_FRAME_PX = 4
_SMALLEST_FRAMED_PX = 4 * _FRAME_PX
_FRAME_SPREAD = 0.03  # of the range: how constant a frame is
_FRAME_SHARE = 0.9  # of a line; where another side is framed, its ends are too
_INNER_SHARE = 0.1  # of the line next to a frame may have its level
_TOLERANCE = 0.1  # of the range: pixels this close to a level belong to it
_SLOPE = 0.15  # of the level, or the range: how much uneven illumination may change it
_EVEN = 0.06  # of the level, or the range: noise about an even background
_TRUSTED_SHARE = 0.5  # of the border region must be background
_TRUSTED_CUT_OUT_SHARE = 0.8  # of a cut-out, whose border region is mostly chromosome
_BEYOND_SHARE = 0.03  # at most so many pixels are lighter than a light background
_DARKEST_LIGHT = 16.0  # below, nothing can be divided by the level
_FEWEST_PX = 30  # for a plane
_MOST_PX = 10**6  # more pixels take memory and say nothing more about three numbers
_SCATTER = 0.3  # standard deviation of their rows and columns, which run from -1 to 1
_CUT_OUT_SHARE = 0.1  # transparent; more is a cut-out
_DRAWN_RIM_PX = 3
_RIM_STEP = 0.02  # of the range


@dataclass(frozen=True)
class View:
    """An image without its frame, and its border region.

    Attributes:
        grey: f64[H,W], the whole image.
        opaque: bool[H,W], pixels that mean something.
        frame_px: Width of the frame at the top, bottom, left and right.
        inside: bool[H,W], opaque pixels within the frame.
        band: bool[H,W], border region of the inside.
        low: First percentile of the grey levels inside.
        high: 99th percentile.
    """

    grey: np.ndarray
    opaque: np.ndarray
    frame_px: tuple[int, int, int, int]
    inside: np.ndarray
    band: np.ndarray
    low: float
    high: float


@dataclass(frozen=True)
class Level:
    """The background level of an image.

    Attributes:
        factors: Grey level in the middle, and its change down and across from there to the border.
        trusted: Whether the image shows enough background to say so.
    """

    factors: tuple[float, float, float]
    trusted: bool

    @property
    def level(self) -> float:
        """Return the grey level in the middle."""
        return self.factors[0]

    def plane(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return the background of an image f32[H,W] of a shape."""
        rows, columns = _coordinates(shape)
        middle, down, across = self.factors
        plane = middle + down * rows[:, None] + across * columns[None, :]
        return plane.astype(np.float32)


def constant_level(level: float) -> Level:
    """Return an even background.

    Args:
        level: Its grey level.

    Returns:
        The level.
    """
    return Level((level, 0.0, 0.0), trusted=True)


def look_at(grey: np.ndarray, opaque: np.ndarray | None) -> View:
    """Return an image with its frame and its border region found.

    Args:
        grey: f64[H,W], 0..255 but for values out of range.
        opaque: bool[H,W]; None if all pixels are.

    Returns:
        The view of the image.
    """
    whole = opaque is None
    opaque = np.ones(grey.shape, bool) if opaque is None else opaque
    frame_px = _find_frame(grey) if whole else (0, 0, 0, 0)
    top, bottom, left, right = frame_px
    inside = np.zeros_like(opaque)
    box = (slice(top, grey.shape[0] - bottom), slice(left, grey.shape[1] - right))
    inside[box] = opaque[box]
    width = int(np.clip(round(_BAND_SHARE * min(grey[box].shape)), *_BAND_PX))
    band = inside.copy()
    if whole:
        band[top + width : grey.shape[0] - bottom - width, :][
            :, left + width : grey.shape[1] - right - width
        ] = False
    else:
        square = np.ones((3, 3), bool)
        band &= ~ndimage.binary_erosion(inside, square, iterations=width)
    shown = grey[inside]
    low, high = percentile(shown, 1), percentile(shown, 99)
    return View(grey, opaque, frame_px, inside, band, low, high)


def _find_frame(grey: np.ndarray) -> tuple[int, int, int, int]:
    """Return the width of a frame at the top, bottom, left and right.

    A frame is constant, and the lines next to it have nothing of its level. The margin around a
    chromosome that fills its box is background: it is seen in the corners of the box.
    """
    none = (0, 0, 0, 0)
    if min(grey.shape) < _SMALLEST_FRAMED_PX:
        return none
    low, high = percentile(grey, 2), percentile(grey, 98)
    spread = max(2.0, _FRAME_SPREAD * (high - low))
    level = median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    like = np.abs(grey - level) <= spread
    widths = []
    for lines in (like, like[::-1], like.T, like.T[::-1]):
        count = 0
        while count <= _FRAME_PX and lines[count].mean() >= _FRAME_SHARE:
            count += 1
        widths.append(count)
    top, bottom, left, right = widths
    if not 1 <= min(widths) <= max(widths) <= _FRAME_PX:
        return none
    inside = like[top : like.shape[0] - bottom, left : like.shape[1] - right]
    edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
    picture = grey[top : grey.shape[0] - bottom, left : grey.shape[1] - right]
    if max(edge.mean() for edge in edges) > _INNER_SHARE or np.ptp(picture) <= spread:
        return none
    return (top, bottom, left, right)


def vote(view: View) -> int:
    """Return how many of three signs speak for a light background, minus those for a dark one.

    The signs are: most pixels that differ from the commonest level of the border region are
    darker; the same with the commonest level of all; the border region is lighter than the middle.

    A cut-out shows no background; but its rim is blurred, and so nearer to what was around it.

    Args:
        view: The image.

    Returns:
        -3..3, above 0 for light.
    """
    if _is_cut_out(view) and (rim := _rim_step(view)):
        return 3 * rim
    pixels = view.grey[view.inside]
    tolerance = _TOLERANCE * (view.high - view.low)
    signs = []
    for level in (_mode(view, view.band), _mode(view, view.inside)):
        darker = np.count_nonzero(pixels < level - tolerance)
        lighter = np.count_nonzero(pixels > level + tolerance)
        signs.append(np.sign(darker - lighter))
    middle = view.inside & ~view.band
    if middle.any():
        signs.append(np.sign(float(view.grey[view.band].mean()) - float(view.grey[middle].mean())))
    return int(sum(signs))


def _is_cut_out(view: View) -> bool:
    return bool(1 - view.opaque.mean() > _CUT_OUT_SHARE)


def _rim_step(view: View) -> int:
    """Return 1 if the outermost pixels are lighter than the next ones, -1 if darker, 0 if equal."""
    depth = ndimage.distance_transform_edt(pad(view.opaque, 1))[1:-1, 1:-1]
    smallest = _RIM_STEP * (view.high - view.low)
    for outer in range(_DRAWN_RIM_PX + 1):
        rim = view.grey[(depth > outer) & (depth <= outer + 1)]
        following = view.grey[(depth > outer + 1) & (depth <= outer + 2.3)]
        if rim.size == 0 or following.size == 0:
            return 0
        # A line that was drawn around the chromosome says nothing.
        if np.ptp(np.percentile(rim, (5, 95))) > max(1.0, smallest):
            step = float(rim.mean() - following.mean())
            return int(np.sign(step)) if abs(step) > smallest else 0
    return 0


def _mode(view: View, where: np.ndarray) -> float:
    """Return the commonest grey level, in steps of a 128th of the range."""
    pixels = view.grey[where]
    width = max(view.high - view.low, 1e-9) / 128
    steps = np.clip((pixels - view.low) / width, -8, 136).astype(int) + 8
    counts = np.convolve(np.bincount(steps, minlength=145), np.ones(5), mode="same")
    best = int(counts.argmax())
    near = pixels[np.abs(steps - best) <= 2]
    return median(near if near.size else pixels)


def measure_level(view: View, *, kind: str) -> Level:
    """Return the background level of an image.

    Args:
        view: The image.
        kind: "dark" or "light".

    Returns:
        The level; a plane where the illumination is uneven.
    """
    light = kind == "light"
    middle = (view.low + view.high) / 2
    side = view.grey >= middle if light else view.grey <= middle
    sought = view.band & side
    level = _mode(view, sought if sought.any() else view.band)
    unit = max(level, 1.0) if light else max(view.high - level, 1.0)
    found = Level(_fit(view, level, unit, sought), trusted=False)
    above = view.grey - found.plane(view.grey.shape)
    near = np.abs(above) <= max(_EVEN * unit, 3.0)
    share = np.count_nonzero(near & view.band) / np.count_nonzero(view.band)
    beyond = (above if light else -above) > max(2 * _EVEN * unit, 6.0)
    outliers = np.count_nonzero(beyond & view.inside) / np.count_nonzero(view.inside)
    trusted = (
        share >= (_TRUSTED_CUT_OUT_SHARE if _is_cut_out(view) else _TRUSTED_SHARE)
        and outliers <= _BEYOND_SHARE
        and (found.level > _DARKEST_LIGHT or not light)
    )
    return replace(found, trusted=bool(trusted))


def _fit(view: View, level: float, unit: float, sought: np.ndarray) -> tuple[float, float, float]:
    """Fit a plane to the background; it is even where its pixels show no slope."""
    even = (level, 0.0, 0.0)
    first = sought & (np.abs(view.grey - level) <= _SLOPE * unit)
    if not first.any() or median(np.abs(view.grey[first] - level)) <= 1.0:
        return even
    rows, columns = _coordinates(view.grey.shape)
    factors, used = even, first
    for _ in range(3):
        # Every second, third, ... row and column of a large picture.
        step = math.ceil(math.sqrt(np.count_nonzero(used) / _MOST_PX)) or 1
        some = used[::step, ::step]
        places = np.argwhere(some)
        down, across = rows[::step][places[:, 0]], columns[::step][places[:, 1]]
        if len(places) < _FEWEST_PX or down.std() < _SCATTER or across.std() < _SCATTER:
            return even
        design = np.stack([np.ones(len(places)), down, across], axis=1)
        solved = np.linalg.lstsq(design, view.grey[::step, ::step][some], rcond=None)[0]
        factors = (float(solved[0]), float(solved[1]), float(solved[2]))
        plane = Level(factors, trusted=False).plane(view.grey.shape)
        used = view.inside & (np.abs(view.grey - plane) <= max(_EVEN * unit, 3.0))
    slope = abs(factors[1]) + abs(factors[2])
    if slope < 1.0 or slope > 2 * _SLOPE * unit:
        return (median(view.grey[first]), 0.0, 0.0)
    return factors


def _coordinates(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns, each from -1 to 1."""
    rows, columns = (np.linspace(-1, 1, size) if size > 1 else np.zeros(1) for size in shape)
    return rows, columns
