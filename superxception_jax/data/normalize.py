"""The chromosomes of a cell on square canvases of one size."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.data.axis import row_ends, upright_direction
from superxception_jax.data.cell_scale import REFERENCES, estimate_reference_px
from superxception_jax.data.crop import BACKGROUNDS, FRINGE_PX
from superxception_jax.data.measure import (
    MeasuredChromosome,
    extent_along_px,
    measure_cell,
)
from superxception_jax.data.straighten import project_to_axis, sample_along_axis

NORMALIZATION_VERSION = 5  # raise it when pixels change, so that caches are rebuilt
TILTS = ("keep", "remove")
STRAIGHTENINGS = ("none", "medial_axis")
LENGTHS = ("cell", "absolute", "none")
GREYS = ("keep", "cell")
# Mean grey of the chromosomes of a cell; the Padova set has 56 to 110, median 78.
CELL_MEAN_GREY = 80.0
# Share of the canvas left free on each side, so that no edge is cut: 1 px of 50. A share, so that
# canvases of two sizes show the same picture at two resolutions.
MARGIN = 0.02


@dataclass(frozen=True)
class NormalizationSettings:
    """Settings by which chromosome images become network inputs.

    Attributes:
        background: "dark" (Q-band), "light" (G-band, inverted) or "auto".
        tilt: "remove" turns the main axis to the vertical by the smallest angle; "keep" doesn't.
        straightening: "medial_axis" straightens along the medial axis; "none" doesn't.
        length: "cell" scales relative to the longest chromosome of the cell, "absolute" by one
            factor for all cells, "none" stretches each bounding box to the canvas.
        length_reference: What a relative length refers to: "longest", the longest chromosome that
            is there; "lengths", chromosome 1 as the lengths of all chromosomes of the cell tell
            it, see `estimate_reference_px`.
        length_exponent: Exponent of the relative length with `length` "cell", 0..1: 1 is one
            scale for the whole cell (the paper), 0 lets every chromosome fill the canvas.
        absolute_length_px: Length that fills the canvas with `length` "absolute".
        grey: "cell" scales the grey values of a cell to the mean `CELL_MEAN_GREY`, so that only
            the brightness relative to the cell counts; "keep" doesn't.
        image_px: Side of the square canvas, at least 8.

    Raises:
        ValueError: A value is unknown or out of its range; all problems are listed.

    Source: Sharma et al. (CVPRW 2017) for length relative to the cell.
    """

    background: str
    tilt: str
    straightening: str
    length: str
    length_reference: str
    length_exponent: float
    absolute_length_px: float
    grey: str
    image_px: int

    def __post_init__(self) -> None:
        problems = [
            f"`{name}` must be one of {allowed}, got {getattr(self, name)!r}; choose one."
            for name, allowed in (
                ("background", BACKGROUNDS),
                ("tilt", TILTS),
                ("straightening", STRAIGHTENINGS),
                ("length", LENGTHS),
                ("length_reference", REFERENCES),
                ("grey", GREYS),
            )
            if getattr(self, name) not in allowed
        ]
        if self.straightening == "medial_axis" and self.tilt == "keep":
            problems.append(
                '`tilt` must be "remove" with straightening "medial_axis", got "keep"; '
                "a straightened chromosome is upright."
            )
        if not (_is_number(self.length_exponent) and 0 <= self.length_exponent <= 1):
            problems.append(
                f"`length_exponent` must be a number in [0, 1], got {self.length_exponent!r}; "
                "1 keeps one scale per cell."
            )
        if not (_is_number(self.absolute_length_px) and self.absolute_length_px > 0):
            problems.append(
                f"`absolute_length_px` must be a number above 0, got {self.absolute_length_px!r}; "
                "give the length that fills the canvas."
            )
        if not (isinstance(self.image_px, numbers.Integral) and self.image_px >= 8):
            problems.append(
                f"`image_px` must be an integer of at least 8, got {self.image_px!r}; enlarge it."
            )
        if problems:
            raise ValueError("\n".join(problems))


def normalize_cell(
    images: Sequence[np.ndarray], *, names: Sequence[str], settings: NormalizationSettings
) -> np.ndarray:
    """Return all chromosomes of one cell on their canvases.

    With `length` "cell", the axis of image i becomes
    `image_px * (1 - 2 * MARGIN) * (length_i / reference) ** length_exponent` long, with its aspect
    ratio kept; the reference is `length_reference`. Chromosomes that would leave the canvas, as
    bent or tilted ones can, are shrunk to fit. Images are resampled once.

    Args:
        images: N arrays u8[H,W], all images of the cell, each of its own size.
        names: N names for error messages.
        settings: Settings of the normalisation.

    Returns:
        u8[N,S,S,1], bright chromosomes on 0, centred by their bounding boxes; S is `image_px`.

    Raises:
        ValueError: `names` and `images` differ in number or are empty, or an image shows no
            chromosome; the message names it.
        TypeError: An image is not u8.

    Source: Sharma et al. (CVPRW 2017), "we normalize the true length across each karyotype image
        ... to a value between 0 and 100", where 100 is taken as the longest of the cell.
    """
    measured = measure_cell(images, names=names, background=settings.background)
    return draw_cell(measured, settings=settings)


def draw_cell(
    measured: Sequence[MeasuredChromosome],
    *,
    settings: NormalizationSettings,
    reference_px: float | None = None,
) -> np.ndarray:
    """Draw all measured chromosomes of a cell on their canvases.

    Args:
        measured: N chromosomes, all of one cell.
        settings: Settings of the normalisation.
        reference_px: Length that fills the canvas; None: see `reference_of`.

    Returns:
        u8[N,S,S,1], canvases, see `normalize_cell`.
    """
    longest_px = reference_px or reference_of(measured, settings=settings)
    gain = 1.0
    if settings.grey == "cell":
        pixels = np.concatenate([one.crop.image[one.crop.mask] for one in measured])
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


def _straight_axis(measured: MeasuredChromosome, settings: NormalizationSettings) -> np.ndarray:
    """Return the line through the middle of a chromosome that becomes the vertical."""
    direction = np.array([1.0, 0.0])
    if settings.tilt == "remove":
        direction = upright_direction(measured.crop.mask, measured.axis)
    centre = np.argwhere(measured.crop.mask).mean(axis=0)
    return np.stack([centre - direction, centre, centre + direction])


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


def _is_number(value: object) -> bool:
    """Return whether a value is a finite real number."""
    return isinstance(value, numbers.Real) and bool(np.isfinite(float(value)))
