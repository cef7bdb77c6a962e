"""Pictures of the steps by which one image is normalised."""

from __future__ import annotations

import numpy as np

from superxception_jax.data.normalization.axis import upright_direction
from superxception_jax.data.normalization.measure import MeasuredChromosome, measure_cell
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import draw_cell
from superxception_jax.data.normalization.straighten import (
    project_to_axis,
    sample_along_axis,
    straighten,
)
from superxception_jax.data.small_arrays import outline

OUTLINE_COLOUR = (0, 200, 0)
AXIS_COLOUR = (255, 60, 60)


def normalization_steps(
    image: np.ndarray, *, name: str, cell_length_px: float | None, settings: NormalizationSettings
) -> dict[str, np.ndarray]:
    """Draw every step from the original image to the canvas.

    Args:
        image: u8[H,W], grey image of one chromosome.
        name: Name of the image for error messages.
        cell_length_px: Medial-axis length of the longest chromosome of the cell, from
            `measure_cell`; None where the cell is unknown, then that of the image itself.
        settings: Settings of the normalisation.

    Returns:
        In this order: "original" u8[H,W]; "component" u8[H,W,3], with the outline of the
        chromosome; "upright" u8[h,w,3], tilt removed, with the medial axis; "straightened"
        u8[l,w]; "canvas" u8[S,S], as of a cell of this image alone but for the given length. All
        five are drawn, whether or not the settings use them.

    Raises:
        ValueError: The image shows no chromosome; the message names it.
        TypeError: The image is not u8.
    """
    (measured,) = measure_cell([image], names=[name], background=settings.background)
    points = np.argwhere(measured.crop.mask).astype(np.float64)
    _, across = project_to_axis(points, measured.axis)
    return {
        "original": image,
        "component": _draw_outline(image, measured),
        "upright": _draw_upright(measured, points),
        "straightened": straighten(
            measured.crop.image, measured.axis, half_width_px=int(np.abs(across).max()) + 2
        ),
        "canvas": draw_cell([measured], settings=settings, reference_px=cell_length_px)[0, ..., 0],
    }


def _draw_outline(image: np.ndarray, measured: MeasuredChromosome) -> np.ndarray:
    """Colour the innermost pixels of the component in the original image."""
    rows, columns = outline(measured.crop.mask).T + np.array(
        [[measured.crop.top_px], [measured.crop.left_px]]
    )
    picture = np.repeat(image[..., None], 3, axis=-1)
    picture[rows, columns] = OUTLINE_COLOUR
    return picture


def _draw_upright(measured: MeasuredChromosome, points: np.ndarray) -> np.ndarray:
    """Turn the crop upright at its own scale and draw the medial axis."""
    direction = upright_direction(measured.crop.mask, measured.axis)
    centre = points.mean(axis=0)
    vertical = np.stack([centre - direction, centre, centre + direction])
    along, across = project_to_axis(points, vertical)
    top, left = np.floor(along.min()) - 2, np.floor(across.min()) - 2
    grey = sample_along_axis(
        measured.crop.image,
        vertical,
        along_px=np.arange(top, along.max() + 3),
        across_px=np.arange(left, across.max() + 3),
    )
    grey = np.rint(np.clip(grey, 0, 255)).astype(np.uint8)
    picture = np.repeat(grey[..., None], 3, axis=-1)
    rows, columns = project_to_axis(measured.axis, vertical)
    rows, columns = np.rint(rows - top).astype(int), np.rint(columns - left).astype(int)
    inside = (rows >= 0) & (rows < grey.shape[0]) & (columns >= 0) & (columns < grey.shape[1])
    picture[rows[inside], columns[inside]] = AXIS_COLOUR
    return picture
