"""A chromosome upright at the scale of its image, as karyograms and reports show it."""

from __future__ import annotations

import numpy as np

from superxception_jax.data.measure import MeasuredChromosome
from superxception_jax.data.normalize import MARGIN, NormalizationSettings, draw_canvas


def upright_crop(measured: MeasuredChromosome) -> np.ndarray:
    """Return a chromosome upright at the scale of its image, in the tightest box.

    It is drawn like the network's canvas, but never shrunk, enlarged or straightened.

    Args:
        measured: The chromosome.

    Returns:
        u8[H,W], bright on 0.
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
    canvas = draw_canvas(measured, longest_px=measured.length_px, gain=1.0, settings=settings)
    filled = [np.nonzero(canvas.any(axis=axis))[0] for axis in (1, 0)]
    return canvas[tuple(slice(places[0], places[-1] + 1) for places in filled)].copy()
