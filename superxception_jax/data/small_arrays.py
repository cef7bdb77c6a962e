"""What NumPy does for any array, for images of a few thousand pixels: equal results, less time.

For such images the overhead of `np.percentile`, `np.median` and `np.pad` is many times their work.
"""

from __future__ import annotations

import numpy as np


def percentile(values: np.ndarray, percent: float) -> float:
    """Return a percentile, as `np.percentile` does by default.

    Args:
        values: Any[N], at least one number, none of them NaN.
        percent: 0..100.

    Returns:
        The percentile, interpolated linearly, to the last bit that of `np.percentile`.

    >>> percentile(np.array([1, 2, 3, 5], np.uint8), 50)
    2.5
    """
    place = percent / 100 * (values.size - 1)
    lower = int(place)
    upper, share = min(lower + 1, values.size - 1), place - lower
    if values.dtype == np.uint8:
        reached = np.cumsum(np.bincount(values.ravel(), minlength=256))
        low, high = (float(one) for one in np.searchsorted(reached, (lower, upper), side="right"))
    else:
        ordered = np.partition(values.ravel(), (lower, upper))
        low, high = ordered[lower], ordered[upper]
    # From the nearer end, as NumPy does, so that rounding is the same.
    step = high - low
    return float(low + step * share if share < 0.5 else high - step * (1 - share))


def median(values: np.ndarray) -> float:
    """Return the median, to the last bit that of `np.median`.

    Args:
        values: Any[N], at least one number, none of them NaN.

    >>> median(np.array([1, 2, 3, 5], np.uint8))
    2.5
    """
    lower, upper = (values.size - 1) // 2, values.size // 2
    ordered = np.partition(values.ravel(), (lower, upper))
    return float(ordered[lower] if lower == upper else ordered[lower : upper + 1].mean())


def pad(image: np.ndarray, width: int) -> np.ndarray:
    """Return an image with a margin of zeros.

    Args:
        image: Any[H,W].
        width: Width of the margin in px, at least 0.

    Returns:
        Any[H+2·width,W+2·width].
    """
    rows, columns = image.shape
    padded = np.zeros((rows + 2 * width, columns + 2 * width), image.dtype)
    padded[width : width + rows, width : width + columns] = image
    return padded


def outline(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask with one of their four neighbours outside it.

    They give the extent of a chromosome at a tenth of the cost of all its pixels.

    Args:
        mask: bool[H,W].

    Returns:
        i64[M,2], (row, column); beyond the image is out of the mask.

    >>> outline(np.ones((3, 3), bool)).tolist()
    [[0, 0], [0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1], [2, 2]]
    """
    across, down = mask[1:-1], mask[:, 1:-1]
    edge = mask.copy()
    # Less than half the time of `ndimage.binary_erosion`.
    edge[1:-1, 1:-1] &= ~(across[:, :-2] & across[:, 2:] & down[:-2] & down[2:])
    return np.argwhere(edge)
