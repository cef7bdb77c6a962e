"""Cut the chromosomes of a cell out and measure them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.data.axis import medial_axis
from superxception_jax.data.crop import CroppedChromosome, crop_chromosome
from superxception_jax.data.straighten import axis_length_px


@dataclass(frozen=True)
class MeasuredChromosome:
    """A chromosome that is cut out and measured.

    Attributes:
        crop: the crop.
        axis: f64[K,2], the medial axis from the upper to the lower end, in pixels of the crop.
        length_px: its length.
    """

    crop: CroppedChromosome
    axis: np.ndarray
    length_px: float


def measure_cell(
    images: Sequence[np.ndarray], *, names: Sequence[str], background: str
) -> list[MeasuredChromosome]:
    """Cut out and measure all chromosomes of a cell.

    Args:
        images: N arrays u8[H,W], all images of the cell, each of its own size.
        names: N names for error messages.
        background: "auto", "dark" or "light".

    Returns:
        N measured chromosomes; `length_px` is the true length of Sharma et al.

    Raises:
        ValueError: `names` and `images` differ in number or are empty, or an image shows no
            chromosome; the message names it.
        TypeError: an image is not u8.

    **Source:** ours, because lengths are of use beside the canvases.
    """
    if len(images) == 0 or len(images) != len(names):
        raise ValueError(
            f"`names` must be one per image of at least one, got {len(names)} names for "
            f"{len(images)} images; pass the whole cell."
        )
    measured = []
    for image, name in zip(images, names, strict=True):
        try:
            measured.append(measure_chromosome(image, background=background))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from error
    return measured


def measure_chromosome(image: np.ndarray, *, background: str) -> MeasuredChromosome:
    """Cut one chromosome out and trace its axis.

    Args:
        image: u8[H,W] grey image of one chromosome.
        background: "auto", "dark" or "light".

    Returns:
        The measured chromosome.

    Raises:
        ValueError: `background` is unknown, or no chromosome stands out.

    **Source:** ours, see `crop_chromosome` and `medial_axis`.
    """
    crop = crop_chromosome(image, background=background)
    axis = medial_axis(crop.mask)
    return MeasuredChromosome(crop=crop, axis=axis, length_px=axis_length_px(axis))
