"""Length of a medial axis, coordinates along and across it, and resampling of images in them.

Points are (row, column) in pixels, the centre of the first pixel at (0, 0).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from superxception_jax.arrays import check

# A sample that is nearer to another part of the axis by this much belongs to that part.
FOLD_TOLERANCE_PX = 4.0
# Points whose distances to an axis are computed at once: they stay in the processor's cache.
_BLOCK = 128


def axis_length_px(axis: np.ndarray) -> float:
    """Return the length of an axis.

    Args:
        axis: f64[K,2], points in pixels.

    Returns:
        The sum of the distances between neighbouring points, in pixels.
    """
    check(axis=(axis, "f64[K,2]"))
    return float(_arc_length(axis)[-1])


def axis_points(axis: np.ndarray, *, along_px: np.ndarray, across_px: np.ndarray) -> np.ndarray:
    """Return the points of the image at positions along and across an axis.

    Args:
        axis: f64[K,2], points in pixels.
        along_px: f64[M], distances from the first point along the axis, which is continued
            straight beyond both ends.
        across_px: f64[M], distances to the right of the axis, seen with its first point up.

    Returns:
        f64[M,2], points in pixels.
    """
    check(axis=(axis, "f64[K,2]"), along_px=(along_px, "f64[M]"), across_px=(across_px, "f64[M]"))
    on_axis, normal = _frames(axis, along_px)
    return on_axis + across_px[:, None] * normal


def project_to_axis(points: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of points along and across an axis, the inverse of `axis_points`.

    Args:
        points: f64[M,2], points in pixels.
        axis: f64[K,2], points in pixels.

    Returns:
        (along_px f64[M], across_px f64[M]) relative to the nearest point of the axis.
    """
    check(points=(points, "f64[M,2]"), axis=(axis, "f64[K,2]"))
    # Columns one by one: rows of two numbers are slow to gather and to add up.
    on_axis, tangents = (np.ascontiguousarray(one.T) for one in (axis, _tangents(axis)))
    # Of a line, no point has to be searched for: all tell the same.
    nearest = np.zeros(len(points), np.int64) if len(axis) == 2 else _nearest(points, axis)
    down, right = (points[:, side] - on_axis[side].take(nearest) for side in range(2))
    tangent_down, tangent_right = (one.take(nearest) for one in tangents)
    along = _arc_length(axis).take(nearest) + (down * tangent_down + right * tangent_right)
    return along, right * tangent_down - down * tangent_right


def sample_along_axis(
    image: np.ndarray, axis: np.ndarray, *, along_px: np.ndarray, across_px: np.ndarray
) -> np.ndarray:
    """Return the grey values on a grid along and across an axis.

    Args:
        image: u8[H,W], grey image.
        axis: f64[K,2], points in pixels.
        along_px: f64[A], positions along the axis, see `axis_points`.
        across_px: f64[B], positions across the axis, see `axis_points`.

    Returns:
        f64[A,B], grey values of the cubic spline, which may overshoot 0..255; zero outside the
        image, and where a position is nearer to another part of the axis (the inside of a sharp
        bend, the other arm of a U), so that no pixel is drawn twice.
    """
    check(
        image=(image, "u8[H,W]"),
        axis=(axis, "f64[K,2]"),
        along_px=(along_px, "f64[A]"),
        across_px=(across_px, "f64[B]"),
    )
    on_axis, normal = _frames(axis, along_px)
    points = on_axis.T[:, :, None] + across_px * normal.T[:, :, None]
    grey = ndimage.map_coordinates(image.astype(np.float64), points, order=3)
    if not may_fold(axis, float(np.abs(across_px).max(initial=0.0))):
        return grey
    coarse = axis[np.unique(np.append(np.arange(0, len(axis), 4), len(axis) - 1))]
    nearest, _ = project_to_axis(points.reshape(2, -1).T, coarse if len(axis) > 4 else axis)
    apart = np.abs(nearest.reshape(grey.shape) - along_px[:, None])
    return np.where(apart > FOLD_TOLERANCE_PX, 0.0, grey)


def may_fold(axis: np.ndarray, half_width_px: float) -> bool:
    """Return whether a position across the axis may be nearer to another part of the axis.

    Let the axis turn by a range of angles `a` in all, and by `c` per pixel at most. Along it, the
    way back from a position `w` to its side grows by at least cos(a) per pixel and by at most
    `w * c` it shrinks, so that no other part is nearer where `w * c < cos(a)`.

    Args:
        axis: f64[K,2], points in pixels.
        half_width_px: The largest position across it.
    """
    if len(axis) <= 2:
        return False
    down, right = (axis[1:] - axis[:-1]).T
    lengths = np.hypot(down, right)
    sines = down[:-1] * right[1:] - right[:-1] * down[1:]
    turns = np.arctan2(sines, down[:-1] * down[1:] + right[:-1] * right[1:])
    angles = np.cumsum(turns)
    turning = float(max(angles.max(), 0.0) - min(angles.min(), 0.0))
    sharpest = (np.abs(turns) / np.maximum((lengths[1:] + lengths[:-1]) / 2, 1e-12)).max()
    return bool(turning >= np.pi / 2 or half_width_px * sharpest >= np.cos(turning))


def straighten(image: np.ndarray, axis: np.ndarray, *, half_width_px: int) -> np.ndarray:
    """Resample the image along an axis into a straight, upright strip.

    Args:
        image: u8[H,W], grey image.
        axis: f64[K,2], points in pixels, the upper end first.
        half_width_px: Pixels to the left and to the right of the axis, at least 1.

    Returns:
        u8[L, 2 * half_width_px + 1], L the rounded length of the axis; row 0 is its upper end.

    Raises:
        ValueError: `half_width_px` is below 1.
    """
    check(image=(image, "u8[H,W]"), axis=(axis, "f64[K,2]"))
    if half_width_px < 1:
        raise ValueError(f"`half_width_px` must be at least 1, got {half_width_px}; widen it.")
    length = axis_length_px(axis)
    rows = max(1, round(length))
    along = (np.arange(rows) + 0.5) * length / rows
    across = np.arange(-half_width_px, half_width_px + 1, dtype=np.float64)
    strip = sample_along_axis(image, axis, along_px=along, across_px=across)
    return np.rint(np.clip(strip, 0, 255)).astype(np.uint8)


def _frames(axis: np.ndarray, along_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of the axis at given positions along it, and the normals there."""
    reached = _arc_length(axis)
    tangents = _tangents(axis)
    inside = np.clip(along_px, 0, reached[-1])
    base = np.stack([np.interp(inside, reached, axis[:, i]) for i in range(2)], axis=-1)
    tangent = np.stack([np.interp(inside, reached, tangents[:, i]) for i in range(2)], axis=-1)
    normal = tangent[:, ::-1] * [-1.0, 1.0]
    return base + (along_px - inside)[:, None] * tangent, normal


def _nearest(points: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return the index of the nearest point of the axis for each point, i64[M]."""
    # Squared distances but for the points' own squares, as one product.
    factors = np.stack([-2 * axis[:, 0], -2 * axis[:, 1], axis[:, 0] ** 2 + axis[:, 1] ** 2])
    lengthened = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    nearest = np.empty(len(points), np.int64)
    for first in range(0, len(points), _BLOCK):
        block = slice(first, first + _BLOCK)
        (lengthened[block] @ factors).argmin(axis=1, out=nearest[block])
    return nearest


def _arc_length(axis: np.ndarray) -> np.ndarray:
    """Return the distance of every point from the first one along the axis."""
    down, right = (axis[1:] - axis[:-1]).T
    reached = np.zeros(len(axis))
    np.cumsum(np.hypot(down, right), out=reached[1:])
    return reached


def _tangents(axis: np.ndarray) -> np.ndarray:
    """Return the unit tangents of an axis."""
    tangents = np.empty_like(axis)
    tangents[1:-1] = (axis[2:] - axis[:-2]) / 2
    tangents[0], tangents[-1] = axis[1] - axis[0], axis[-1] - axis[-2]
    return tangents / np.maximum(np.hypot(*tangents.T), 1e-12)[:, None]
