"""Damage raw images of chromosomes the way that microscopes and segmentations do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from superxception_jax.arrays import check
from superxception_jax.data.crop import brighten_chromosome

# Of a speck of dirt, in px and grey levels.
DEBRIS_SIDE_PX = (2, 5)
DEBRIS_GREY = (80, 200)


def corrupt(
    image: np.ndarray, *, kind: str, level: float, generator: np.random.Generator
) -> np.ndarray:
    """Damage one raw image.

    Args:
        image: u8[H,W], one chromosome, bright on dark or dark on light.
        kind: a key of `CORRUPTIONS`.
        level: how much, in the unit that `CORRUPTIONS` names.
        generator: of the random part.

    Returns:
        u8[h,w], bright on dark; larger than the image where it is rotated.

    Raises:
        ValueError: the kind is unknown.

    **Source:** ours, because a network must be tried on what its training images lack.
    """
    check(image=(image, "u8[H,W]"))
    if kind not in CORRUPTIONS:
        raise ValueError(f"`kind` must be one of {tuple(CORRUPTIONS)}, got {kind!r}; choose one.")
    grey = brighten_chromosome(image, background="auto").astype(np.float64)
    damaged = CORRUPTIONS[kind][1](grey, level, generator)
    return np.rint(np.clip(damaged, 0, 255)).astype(np.uint8)


def _blur(image: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    # Room for what the blur spreads.
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


# Name: (what the level is, function of image f64[H,W], level and generator).
CORRUPTIONS: dict[str, tuple[str, Callable[..., np.ndarray]]] = {
    "blur": ("standard deviation, px", _blur),
    "noise": ("standard deviation, grey levels", _noise),
    "gain": ("factor of all grey values", _gain),
    "rotation": ("largest angle, degrees", _rotate),
    "debris": ("specks an image", _debris),
}
