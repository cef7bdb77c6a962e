"""A chromosome upright at the scale of its image, as karyograms and reports show it."""

from __future__ import annotations

import numpy as np

from superxception_jax.data.normalization.canvas_place import (
    MARGIN,
    canvas_points,
    place_chromosome,
)
from superxception_jax.data.normalization.measure import MeasuredChromosome
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import draw_placed


def upright_crop(measured: MeasuredChromosome) -> tuple[np.ndarray, np.ndarray]:
    """Return a chromosome upright at the scale of its image, in the tightest box.

    It is drawn like the network's canvas, but never shrunk, enlarged or straightened.

    Args:
        measured: The chromosome.

    Returns:
        u8[H,W], bright on 0, and f64[K,2], its medial axis in pixels of this image, the upper end
        first.
    """
    rows, columns = measured.crop.image.shape
    # Room for the diagonal, so that nothing is shrunk to fit.
    side = int(np.ceil(np.hypot(rows, columns) / (1 - 2 * MARGIN))) + 1
    settings = NormalizationSettings(
        background="dark",
        tilt="remove",
        straightening="none",
        length="absolute",
        length_reference="longest",
        length_exponent=1.0,
        absolute_length_px=side * (1 - 2 * MARGIN),
        grey="keep",
        image_px=max(side, 8),
    )
    place = place_chromosome(measured, longest_px=measured.length_px, settings=settings)
    canvas = draw_placed(measured, place, gain=1.0)
    axis = canvas_points(measured.axis, place)
    filled = [np.nonzero(canvas.any(axis=side))[0] for side in (1, 0)]
    corner = [places[0] for places in filled]
    image = canvas[tuple(slice(places[0], places[-1] + 1) for places in filled)].copy()
    axis = axis - corner
    return image, axis if axis[0, 0] <= axis[-1, 0] else axis[::-1].copy()


def turn(image: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an upright chromosome and its medial axis rotated by 180°.

    Args:
        image: u8[H,W].
        axis: f64[K,2], points in pixels, the upper end first.

    Returns:
        u8[H,W] and f64[K,2], the end that is now the upper one first.
    """
    return image[::-1, ::-1], (np.array(image.shape) - 1.0 - axis)[::-1].copy()
