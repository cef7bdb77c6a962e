"""The grey range of a cell's images, whatever the depth of the camera and of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import check

BIT_DEPTHS = (8, 10, 12, 14, 16)
FLOAT_BITS = 32
_FEWEST_LEVELS = 16  # Floating-point images of fewer levels have a range of their own.
_HOT_PIXELS = 4  # so many of an image may be brighter than anything that its camera saw
_ODD_IMAGES = 1 / 20  # of a cell, whose brightest pixels decide nothing


@dataclass(frozen=True)
class GreyRange:
    """How the grey levels of an image become 0..255.

    Attributes:
        black: Grey level that becomes 0.
        white: Grey level that becomes 255.
    """

    black: float
    white: float

    def apply(self, grey: np.ndarray) -> np.ndarray:
        """Return grey levels in 0..255; values out of the range stay out of it.

        Args:
            grey: u8, u16 or f32[H,W].

        Returns:
            f32[H,W]; the values themselves for an image of 8 bits.
        """
        if self == GreyRange(0.0, 255.0):
            return grey.astype(np.float32)
        scaled = (grey.astype(np.float64) - self.black) * (255.0 / (self.white - self.black))
        return scaled.astype(np.float32)


def find_ranges(
    greys: Sequence[np.ndarray], *, stated_bits: Sequence[int]
) -> tuple[list[GreyRange], int]:
    """Return the grey range of each image of a cell, and the bit depth of the cell.

    Cameras of 10, 12 or 14 bits write 16-bit files, which would be nearly black if divided by 257.
    Where a file states its depth, that holds; else the depth is the smallest of `BIT_DEPTHS` that
    holds the brightest pixels of the cell, a few hot pixels and odd images apart.

    Args:
        greys: N images, each u8, u16 or f32[H,W].
        stated_bits: N bit depths as the files state them; 0: none.

    Returns:
        N ranges: images of more than 8 bits without a statement share one, and so do those of
        floating-point numbers; and the largest depth of an image, `FLOAT_BITS` for floating-point.

    Raises:
        TypeError: An image has another dtype.
    """
    for grey in greys:
        check(image=(grey, "any[H,W]"))
        if grey.dtype not in (np.uint8, np.uint16, np.float32):
            raise TypeError(f"`image` must be u8, u16 or f32, got {grey.dtype}; convert it first.")
    shared = _depth(
        [
            grey
            for grey, bits in zip(greys, stated_bits, strict=True)
            if grey.dtype == np.uint16 and not 8 < bits <= 16
        ]
    )
    floats = _float_range([grey for grey in greys if grey.dtype == np.float32])
    ranges, depths = [], []
    for grey, stated in zip(greys, stated_bits, strict=True):
        if grey.dtype == np.uint8:
            depth = 8
        elif grey.dtype == np.uint16:
            depth = stated if 8 < stated <= 16 else shared
        else:
            depth = FLOAT_BITS
        ranges.append(floats if depth == FLOAT_BITS else GreyRange(0.0, 2.0**depth - 1))
        depths.append(depth)
    return ranges, max(depths)


def robust_maximum(grey: np.ndarray) -> float:
    """Return the largest grey level but for a few hot pixels.

    Args:
        grey: Any[H,W], at least 1 pixel.

    Returns:
        The grey level.

    >>> robust_maximum(np.array([[3] * 18 + [9, 9]]))
    3.0
    """
    flat = grey.ravel()
    hot = min(_HOT_PIXELS, flat.size // 4)
    return float(np.partition(flat, flat.size - 1 - hot)[flat.size - 1 - hot])


def _depth(wide: Sequence[np.ndarray]) -> int:
    if not wide:
        return 8
    brightest = _without_odd([robust_maximum(grey) for grey in wide])
    return next(depth for depth in BIT_DEPTHS if brightest < 2**depth)


def _without_odd(maxima: Sequence[float]) -> float:
    return sorted(maxima)[len(maxima) - 1 - int(len(maxima) * _ODD_IMAGES)]


def _float_range(floats: Sequence[np.ndarray]) -> GreyRange:
    """Return the range of floating-point images: 0..1, that of a bit depth, or their own."""
    if not floats:
        return GreyRange(0.0, 1.0)
    high = _without_odd([robust_maximum(grey) for grey in floats])
    low = -_without_odd([robust_maximum(-grey) for grey in floats])
    if low >= 0 and high <= 1:
        return GreyRange(0.0, 1.0)
    if low >= 0 and high < _FEWEST_LEVELS:
        return GreyRange(0.0, high)  # Resampling and rounding exceed 1 by a little.
    if low >= 0 and high < 2 ** BIT_DEPTHS[-1]:
        return GreyRange(0.0, 2.0 ** next(depth for depth in BIT_DEPTHS if high < 2**depth) - 1)
    low = min(low, 0.0) if high > 0 else low
    return GreyRange(low, high if high > low else low + 1.0)
