"""Where and how a chromosome is drawn on its canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.data.normalization.axis import row_ends, upright_direction
from superxception_jax.data.normalization.crop import FRINGE_PX
from superxception_jax.data.normalization.measure import MeasuredChromosome, extent_along_px
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.straighten import project_to_axis

# Share of the canvas left free on each side, so that no edge is cut: 1 px of 50. A share, so that
# canvases of two sizes show the same picture at two resolutions.
MARGIN = 0.02


@dataclass(frozen=True)
class CanvasSide:
    """Positions to sample along one side: `samples` for each of `count` canvas pixels.

    Attributes:
        first: First pixel of the canvas that is drawn.
        count: Number of pixels.
        samples: Samples for each.
        step_px: Distance of the samples in pixels of the crop.
        positions_px: f64[count·samples], their positions along or across the axis.
    """

    first: int
    count: int
    samples: int
    step_px: float
    positions_px: np.ndarray


@dataclass(frozen=True)
class CanvasPlace:
    """Where and how a chromosome is drawn on its canvas.

    Attributes:
        axis: f64[K,2], the line that becomes the vertical, in pixels of the crop.
        rows: What is sampled along it.
        columns: What is sampled across it.
        image_px: Side of the canvas.
    """

    axis: np.ndarray
    rows: CanvasSide
    columns: CanvasSide
    image_px: int


def place_chromosome(
    measured: MeasuredChromosome, *, longest_px: float, settings: NormalizationSettings
) -> CanvasPlace:
    """Return where a chromosome is drawn on its canvas, see `draw_canvas`.

    Args:
        measured: Chromosome to draw.
        longest_px: Length that fills the canvas.
        settings: Settings of the normalisation.
    """
    if settings.straightening == "medial_axis":
        axis, (low, high) = measured.axis, measured.extent_px
    else:
        axis = _straight_axis(measured, settings)
        # Along a straight line nothing in a row reaches further than its ends.
        low, high = extent_along_px(np.concatenate(row_ends(measured.crop.mask)), axis)
    scales = _scales(high - low, measured.length_px, longest_px, settings)
    rows, columns = (
        _sample_positions(low[side], high[side], scales[side], settings.image_px)
        for side in range(2)
    )
    return CanvasPlace(axis, rows, columns, settings.image_px)


def canvas_points(points: np.ndarray, place: CanvasPlace) -> np.ndarray:
    """Return where points of a chromosome are on its canvas.

    Args:
        points: f64[M,2], points in pixels of its crop.
        place: Its place on the canvas.

    Returns:
        f64[M,2], points in pixels of the canvas.
    """
    placed = [
        side.first + ((positions - side.positions_px[0]) / side.step_px + 0.5) / side.samples - 0.5
        for positions, side in zip(
            project_to_axis(points, place.axis), (place.rows, place.columns), strict=True
        )
    ]
    return np.stack(placed, axis=-1)


def _straight_axis(measured: MeasuredChromosome, settings: NormalizationSettings) -> np.ndarray:
    """Return the line through the middle of a chromosome that becomes the vertical."""
    direction = np.array([1.0, 0.0])
    if settings.tilt == "remove":
        direction = upright_direction(measured.crop.mask, measured.axis)
    centre = np.argwhere(measured.crop.mask).mean(axis=0)
    return np.stack([centre - direction, centre + direction])


def _scales(
    size_px: np.ndarray, length_px: float, longest_px: float, settings: NormalizationSettings
) -> np.ndarray:
    """Return canvas pixels per image pixel, down and right."""
    if settings.length == "none":
        return settings.image_px / size_px
    room_px = settings.image_px * (1 - 2 * MARGIN)
    if settings.length == "cell":
        scale = room_px * (length_px / longest_px) ** settings.length_exponent / length_px
    else:
        scale = room_px / settings.absolute_length_px
    return np.full(2, min(scale, room_px / size_px.max()))


def _sample_positions(low_px: float, high_px: float, scale: float, image_px: int) -> CanvasSide:
    """Centre a range on the canvas and place samples at most one image pixel apart."""
    centre_px = (low_px + high_px) / 2
    half = ((high_px - low_px) / 2 + FRINGE_PX) * scale
    first = max(0, int(np.floor(image_px / 2 - half)))
    last = min(image_px, int(np.ceil(image_px / 2 + half)))
    samples = int(np.ceil(1 / scale))
    offsets = (np.arange((last - first) * samples) + 0.5) / samples + first - image_px / 2
    step_px = 1 / (scale * samples)
    return CanvasSide(first, last - first, samples, step_px, centre_px + offsets / scale)
