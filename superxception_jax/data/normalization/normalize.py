"""The chromosomes of a cell on square canvases of one size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from superxception_jax.data.normalization.canvas_place import CanvasPlace, place_chromosome
from superxception_jax.data.normalization.cell_scale import estimate_reference_px
from superxception_jax.data.normalization.measure import MeasuredChromosome
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.straighten import sample_along_axis

NORMALIZATION_VERSION = 5  # raise it when pixels change, so that caches are rebuilt
# Mean grey of the chromosomes of a cell; the Padova set has 56 to 110, median 78.
CELL_MEAN_GREY = 80.0


def draw_cell(
    measured: Sequence[MeasuredChromosome],
    *,
    settings: NormalizationSettings,
    reference_px: float | None = None,
    scaled_as: Sequence[MeasuredChromosome] | None = None,
) -> np.ndarray:
    """Draw all measured chromosomes of a cell on their canvases.

    With `length` "cell", the axis of image i becomes
    `image_px * (1 - 2 * MARGIN) * (length_i / reference) ** length_exponent` long, with its aspect
    ratio kept; the reference is `length_reference`. Chromosomes that would leave the canvas, as
    bent or tilted ones can, are shrunk to fit. Images are resampled once.

    Args:
        measured: N chromosomes, all of one cell, see `measure_cell`.
        settings: Settings of the normalisation.
        reference_px: Length that fills the canvas; None: see `reference_of`.
        scaled_as: The chromosomes of a cell whose scale and grey level are taken; None: these.

    Returns:
        u8[N,S,S,1], bright chromosomes on 0, centred by their bounding boxes; S is `image_px`.

    Source: Sharma et al. (CVPRW 2017), "we normalize the true length across each karyotype image
        ... to a value between 0 and 100", where 100 is taken as the longest of the cell.
    """
    cell = measured if scaled_as is None else scaled_as
    longest_px = reference_px or reference_of(cell, settings=settings)
    gain = 1.0
    if settings.grey == "cell":
        pixels = np.concatenate([one.crop.image[one.crop.mask] for one in cell])
        gain = CELL_MEAN_GREY / float(pixels.mean())
    canvases = [
        draw_canvas(one, longest_px=longest_px, gain=gain, settings=settings) for one in measured
    ]
    return np.stack(canvases)[..., None]


def reference_of(
    measured: Sequence[MeasuredChromosome], *, settings: NormalizationSettings
) -> float:
    """Return the length to which the lengths of a cell are relative, in pixels.

    Args:
        measured: Chromosomes, all of one cell.
        settings: Settings of the normalisation.
    """
    lengths_px = np.array([one.length_px for one in measured])
    if settings.length == "cell" and settings.length_reference == "lengths":
        return estimate_reference_px(lengths_px)
    return float(lengths_px.max())


def draw_canvas(
    measured: MeasuredChromosome,
    *,
    longest_px: float,
    gain: float,
    settings: NormalizationSettings,
) -> np.ndarray:
    """Draw one measured chromosome on its canvas.

    Args:
        measured: Chromosome to draw.
        longest_px: Length that fills the canvas: that of the longest chromosome of its cell.
        gain: Factor of the grey values.
        settings: Settings of the normalisation.

    Returns:
        u8[S,S], canvas with the side `settings.image_px`.
    """
    return draw_placed(
        measured, place_chromosome(measured, longest_px=longest_px, settings=settings), gain=gain
    )


def draw_placed(measured: MeasuredChromosome, place: CanvasPlace, *, gain: float) -> np.ndarray:
    """Draw a chromosome at its place.

    Args:
        measured: Chromosome to draw.
        place: Its place on the canvas.
        gain: Factor of the grey values.

    Returns:
        u8[S,S], see `draw_canvas`.
    """
    axis, rows, columns = place.axis, place.rows, place.columns
    # Cubic samples on a grid finer than the image, then means: one resampling, no aliasing.
    fine = sample_along_axis(
        measured.crop.image, axis, along_px=rows.positions_px, across_px=columns.positions_px
    )
    fine = fine.reshape(rows.count, rows.samples, columns.count, columns.samples)
    canvas = np.zeros((place.image_px, place.image_px), np.uint8)
    canvas[rows.first : rows.first + rows.count, columns.first : columns.first + columns.count] = (
        np.rint(np.clip(gain * fine.mean(axis=(1, 3)), 0, 255))
    )
    return canvas
