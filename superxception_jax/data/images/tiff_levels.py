"""Grey levels of TIFF samples of any kind: packed, signed or floating-point numbers."""

from __future__ import annotations

import numpy as np

from superxception_jax.data.images.pixels import PictureError


def unsigned_levels(samples: np.ndarray, *, depth: int, inverted: bool) -> np.ndarray:
    """Return the grey levels of unsigned samples; larger is brighter.

    Args:
        samples: Unsigned integers or bool, any shape.
        depth: Bits per sample, up to 16.
        inverted: Whether 0 is white.

    Returns:
        u8 of up to 8 bits, stretched to 0..255; u16 beyond.
    """
    full = 2**depth - 1
    levels = samples.astype(np.uint16)
    if inverted:
        levels = full - np.minimum(levels, full)
    if depth <= 8:
        return np.rint(np.minimum(levels, full) * (255 / full)).astype(np.uint8)
    return levels


def unscaled_levels(samples: np.ndarray, *, inverted: bool) -> np.ndarray:
    """Return the grey levels of samples whose type states no range; larger is brighter.

    Signed and floating-point numbers, and integers of more than 16 bits, which no camera fills.

    Args:
        samples: Integers or floating-point numbers, any shape.
        inverted: Whether larger is darker.

    Returns:
        f32, in any range; where it is 0..1 it stays so.

    Raises:
        PictureError: A sample is no finite number.
    """
    if samples.dtype.kind not in "uif":
        raise PictureError("its pixels are complex numbers; save it in grey")
    levels = samples.astype(np.float64)
    if not np.isfinite(levels).all():
        raise PictureError("a pixel value is not finite (NaN or infinite); save it again")
    if inverted:
        levels = 1 - levels if levels.min() >= 0 and levels.max() <= 1 else -levels
    if np.abs(levels).max() > 1e30:
        raise PictureError("a grey level is larger than 1e30; save it again")
    return levels.astype(np.float32)
