"""Pictures of single chromosomes: cropped, straightened on request, scaled and coloured."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.sparse import csr_array

from superxception_jax.arrays import check
from superxception_jax.data.normalization.crop import FOREGROUND_SHARE
from superxception_jax.data.normalization.straighten import (
    axis_length_px,
    axis_points,
    project_to_axis,
    straighten,
)
from superxception_jax.data.small_arrays import outline, pad
from superxception_jax.karyotyping.karyogram.centromere import (
    STEP_PX,
    centromere_on_axis,
    thin_axis,
    trace_axis,
)
from superxception_jax.karyotyping.karyotype import ClassifiedChromosome

WHITE_PERCENTILE = 99.5
# Black pixels around a picture, in which the cubic spline of the enlargement fades out.
BORDER_PX = 2
_SPLINE_PADDING_PX = 6
# Shade of the darkest ink in print, from 0 (black) to 1 (white).
_PRINT_BLACK = 0.08


@dataclass(frozen=True)
class Picture:
    """The picture of a chromosome.

    Attributes:
        image: u8[H,W], bright on black, with a black border of `BORDER_PX`.
        centromere_px: Distance of the centromere from the upper edge of the image in pixels.
    """

    image: np.ndarray
    centromere_px: float


def prepare_picture(chromosome: ClassifiedChromosome, *, straightened: bool) -> Picture:
    """Return the picture of a chromosome, with the position of its centromere.

    Args:
        chromosome: Chromosome of a karyotype.
        straightened: Whether to straighten the chromosome along its medial axis.

    Returns:
        The picture, in the pixels of the chromosome's image.

    Raises:
        ValueError: The image shows no chromosome; the message begins with its name.
    """
    image = chromosome.image
    try:
        axis = trace_axis(image) if chromosome.axis is None else thin_axis(chromosome.axis)
    except ValueError as error:
        raise ValueError(f"{chromosome.name}: {error}") from error
    length_px = axis_length_px(axis)
    along_px = length_px * centromere_on_axis(image, axis, label=chromosome.label)
    if straightened:
        along, across = project_to_axis(outline(image > 0).astype(np.float64), axis)
        # Blurred edges, and satellites on a pale stalk, lie beyond the ends of the axis.
        start_px = min(float(along.min()) - 0.5, 0.0)
        stop_px = max(float(along.max()) + 0.5, length_px)
        count = max(3, int(np.ceil((stop_px - start_px) / STEP_PX)))
        places = np.linspace(start_px, stop_px, count)
        longer = axis_points(axis, along_px=places, across_px=np.zeros_like(places))
        half_width_px = int(np.ceil(np.abs(across).max(initial=1.0)))
        strip = straighten(image, longer, half_width_px=half_width_px)
        cut, from_top_px = strip, along_px - start_px
    else:
        point = axis_points(axis, along_px=np.array([along_px]), across_px=np.zeros(1))
        cut, from_top_px = image, float(point[0, 0]) + 0.5
    lit_rows, lit_columns = np.nonzero(cut)
    top, left = int(lit_rows.min()), int(lit_columns.min())
    cut = cut[top : lit_rows.max() + 1, left : lit_columns.max() + 1]
    return Picture(
        image=pad(cut, BORDER_PX),
        centromere_px=from_top_px - top + BORDER_PX,
    )


def white_level(images: Sequence[np.ndarray]) -> float:
    """Return the grey level of a cell that is printed in the darkest ink.

    One level for the whole cell keeps its chromosomes comparable, and a percentile isn't shifted
    by a single bright satellite.

    Args:
        images: u8[H,W] each, all chromosomes of the cell, bright on black.

    Returns:
        The `WHITE_PERCENTILE` of all pixels above 0, or 1 if there are none.
    """
    lit = np.concatenate([image[image > 0] for image in images] or [np.zeros(0, np.uint8)])
    return float(np.percentile(lit, WHITE_PERCENTILE)) if lit.size else 1.0


def shade_picture(
    image: np.ndarray, *, zoom: float, white: float, background: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return shade and opacity of a picture at the resolution of the page.

    The chromosome is opaque, so that the centromere line behind it doesn't show through.

    Args:
        image: u8[H,W], bright on black.
        zoom: Pixels of the page per pixel of the image, > 0.
        white: Grey level of the darkest ink, see `white_level`.
        background: "print" for dark chromosomes with the contrast of the cell stretched to the
            range of print, "original" for unchanged grey levels.

    Returns:
        f32[H',W'] each, 0..1: shade (0 is black), and opacity.
    """
    check(image=(image, "u8[H,W]"))
    grey = image.astype(np.float32)
    if zoom < 1:
        # Without the filter, bands finer than a pixel of the page would alias into false bands.
        grey = ndimage.gaussian_filter(grey, 0.5 / zoom - 0.5)
    # Black around the image, in which the spline fades out.
    spline = ndimage.spline_filter(pad(grey, _SPLINE_PADDING_PX), order=3, output=np.float32)
    down, right = (_spline_weights(side, max(1, round(side * zoom))) for side in image.shape)
    grey = (right @ (down @ spline).T).T
    opacity = np.clip(grey / (FOREGROUND_SHARE * white), 0.0, 1.0)
    if background == "print":
        shade = 1.0 - (1.0 - _PRINT_BLACK) * np.clip(grey / white, 0.0, 1.0)
    else:
        shade = np.clip(grey / 255.0, 0.0, 1.0)
    return shade, opacity


def colour_picture(image: np.ndarray, *, zoom: float, white: float, background: str) -> np.ndarray:
    """Return a picture at the resolution of the page, in the colours of its background.

    Args:
        image: u8[H,W], bright on black.
        zoom: Pixels of the page per pixel of the image, > 0.
        white: Grey level of the darkest ink, see `white_level`.
        background: "print" or "original", see `shade_picture`.

    Returns:
        u8[H',W',4], red, green, blue and opacity.
    """
    shade, opacity = shade_picture(image, zoom=zoom, white=white, background=background)
    coloured = np.stack([shade, shade, shade, opacity], axis=-1)
    return np.rint(255.0 * coloured).astype(np.uint8)


@functools.lru_cache(maxsize=512)
def _spline_weights(old: int, new: int) -> csr_array:
    """Return f32[new, old + padding], the weights of the spline's coefficients in each sample.

    A cubic spline is separable, and each sample needs four coefficients: two sparse products take
    the place of 16 products for each pixel of the page, and their sums don't depend on the number
    of threads.
    """
    places = (np.arange(new) + 0.5) * old / new - 0.5 + _SPLINE_PADDING_PX
    columns = np.floor(places).astype(np.int32)[:, None] + np.arange(-1, 3, dtype=np.int32)
    distance = np.abs(places[:, None] - columns)
    near, far = 2 / 3 - distance**2 * (1 - distance / 2), np.maximum(2 - distance, 0.0) ** 3 / 6
    weights = np.where(distance < 1, near, far).astype(np.float32)
    starts = np.arange(new + 1, dtype=np.int32) * 4
    shape = (new, old + 2 * _SPLINE_PADDING_PX)
    return csr_array((weights.ravel(), columns.ravel(), starts), shape)
