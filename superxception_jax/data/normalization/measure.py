"""The chromosomes of a cell, cut out and measured."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.data.images.image_file import DecodedImage
from superxception_jax.data.normalization.axis import medial_axis
from superxception_jax.data.normalization.background import level_cell
from superxception_jax.data.normalization.crop import CroppedChromosome, crop_chromosome
from superxception_jax.data.normalization.straighten import (
    axis_length_px,
    may_fold,
    project_to_axis,
)
from superxception_jax.data.small_arrays import outline


@dataclass(frozen=True)
class MeasuredChromosome:
    """A chromosome, cut out and measured.

    Attributes:
        crop: Cut-out chromosome.
        axis: f64[K,2], medial axis from the upper to the lower end, in pixels of the crop.
        length_px: Length of the medial axis.
    """

    crop: CroppedChromosome
    axis: np.ndarray
    length_px: float

    @functools.cached_property
    def extent_px(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the extent along the medial axis and across it, see `extent_along_px`."""
        mask = self.crop.mask
        # Inside the mask, some neighbour is further out, unless it is nearer to another part.
        low, high = extent_along_px(outline(mask), self.axis)
        if may_fold(self.axis, float(max(-low[1], high[1]))):
            return extent_along_px(np.argwhere(mask), self.axis)
        return low, high


def extent_along_px(pixels: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far pixels reach along an axis and across it.

    Args:
        pixels: i64[M,2], (row, column), each a unit square.
        axis: f64[K,2], points in pixels.

    Returns:
        f64[2] and f64[2]: the lowest and the highest position, along and across.
    """
    along, across = project_to_axis(pixels.astype(np.float64), axis)
    low = np.array([along.min(), across.min()]) - 0.5
    return low, np.array([along.max(), across.max()]) + 0.5


def measure_cell(
    images: Sequence[np.ndarray], *, names: Sequence[str], background: str
) -> list[MeasuredChromosome]:
    """Cut out and measure all chromosomes of a cell.

    Args:
        images: N arrays u8[H,W], all images of the cell, each of its own size.
        names: N names for error messages.
        background: "dark", "light", or "auto": decided for the whole cell; see `level_cell`, which
            changes nothing of images on black or white.

    Returns:
        N measured chromosomes.

    Raises:
        ValueError: `names` and `images` differ in number or are empty, or an image shows no
            chromosome; the message names it.
        TypeError: An image is not u8.

    Source: Sharma et al. (CVPRW 2017): the true length is that of the medial axis.
    """
    if len(images) == 0 or len(images) != len(names):
        raise ValueError(
            f"`names` must be as many as `images`, at least 1, got {len(names)} and "
            f"{len(images)}; pass the whole cell."
        )
    for image, name in zip(images, names, strict=True):
        _check_image(image, name)
    leveled = level_cell([DecodedImage(image, 0.0) for image in images], background=background)
    measured = []
    for image, name in zip(leveled.images, names, strict=True):
        try:
            measured.append(measure_chromosome(image, background=leveled.background.kind))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return measured


def measure_chromosome(
    image: np.ndarray, *, background: str, mask: np.ndarray | None = None
) -> MeasuredChromosome:
    """Cut one chromosome out and measure its medial axis.

    Args:
        image: u8[H,W], grey image of one chromosome.
        background: "dark" or "light", see `brighten_chromosome`.
        mask: bool[H,W], see `crop_chromosome`.

    Returns:
        The measured chromosome.

    Raises:
        ValueError: `background` is unknown, or the image shows no chromosome.
    """
    crop = crop_chromosome(image, background=background, mask=mask)
    axis = medial_axis(crop.mask)
    return MeasuredChromosome(crop=crop, axis=axis, length_px=axis_length_px(axis))


def _check_image(image: np.ndarray, name: str) -> None:
    try:
        check(image=(image, "u8[H,W]"))
        if image.size == 0:
            raise ValueError(f"`image` must have pixels, got shape {image.shape}; remove the file.")
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from error
