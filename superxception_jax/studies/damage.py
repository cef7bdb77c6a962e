"""Damage raw chromosome images as poor optics, poor preparations and poor segmentation do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from superxception_jax.arrays import check
from superxception_jax.data.normalization.crop import brighten_chromosome

# Smallest and largest side of a speck in pixels, and its grey level.
DEBRIS_SIDE_PX = (2, 5)
DEBRIS_GREY = (80, 200)


def corrupt(
    image: np.ndarray,
    *,
    kind: str,
    level: float,
    background: str,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return a damaged copy of a raw image.

    Args:
        image: u8[H,W], one chromosome, bright on black or dark on white, see `level_cell`.
        kind: Kind of damage, a key of `CORRUPTIONS`.
        level: Strength of the damage, in the unit that `CORRUPTIONS` gives.
        background: "dark" or "light", that of the cell.
        generator: Random generator.

    Returns:
        u8[h,w] on the same background, so that it takes the same path as an undamaged image. Blur
        and debris add a margin, and rotation enlarges the image, so that nothing is cut off. A
        level that changes nothing gives the image again but for such a margin.

    Raises:
        ValueError: The kind or the background is unknown.
    """
    check(image=(image, "u8[H,W]"))
    if kind not in CORRUPTIONS:
        raise ValueError(f"`kind` must be one of {tuple(CORRUPTIONS)}, got {kind!r}; choose one.")
    grey = brighten_chromosome(image, background=background)
    damaged = CORRUPTIONS[kind][1](grey.astype(np.float64), level, generator)
    bright = np.rint(np.clip(damaged, 0, 255)).astype(np.uint8)
    return bright if grey is image else 255 - bright


def _blur(image: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    # A margin for the blurred edges.
    return ndimage.gaussian_filter(np.pad(image, int(3 * level) + 1), level)


def _noise(image: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    return image + generator.normal(scale=level, size=image.shape)


def _gain(image: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    return image * level


def _rotate(image: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    return ndimage.rotate(image, generator.uniform(-level, level), order=3)


def _debris(image: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    damaged = np.pad(image, 6)
    for _ in range(round(level)):
        height, width = generator.integers(*DEBRIS_SIDE_PX, size=2, endpoint=True)
        row = generator.integers(damaged.shape[0] - height, endpoint=True)
        column = generator.integers(damaged.shape[1] - width, endpoint=True)
        speck = damaged[row : row + height, column : column + width]
        np.maximum(speck, generator.uniform(*DEBRIS_GREY), out=speck)
    return damaged


# Unit of the level, and function (image f64[H,W], level, generator) → image, by kind of damage.
CORRUPTIONS: dict[str, tuple[str, Callable[..., np.ndarray]]] = {
    "blur": ("standard deviation, px", _blur),
    "noise": ("standard deviation, grey levels", _noise),
    "gain": ("factor of all grey levels", _gain),
    "rotation": ("maximum angle, degrees", _rotate),
    "debris": ("specks per image", _debris),
}
