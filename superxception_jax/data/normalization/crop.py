"""The chromosome of a single-chromosome image, found and cut out.

`find_chromosome` expects a bright chromosome on a dark background, as `brighten_chromosome`
returns it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from superxception_jax.arrays import check
from superxception_jax.data.small_arrays import pad, percentile

KINDS = ("dark", "light")  # what background "auto" becomes for a whole cell, see `level_cell`
BACKGROUND_NOISE_LEVEL = 8  # grey levels; scans have a background noise of 1..3
FOREGROUND_SHARE = 0.12  # of the chromosome's own 99.5th percentile of grey
SATELLITE_SHARE = 1 / 3  # of the chromosome's area, with stalk; more is another chromosome
SMALLEST_SATELLITE_PX = 6  # fewer pixels are a frayed edge
SMALLEST_AREA_PX = 20  # the smallest real chromosomes cover about 100 pixels
FRINGE_PX = 2  # the blurred edge below the foreground threshold
PADDING_PX = FRINGE_PX + 2  # two zeros beyond the fringe for the cubic interpolation
_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
_FRINGE = np.hypot(*np.mgrid[-FRINGE_PX : FRINGE_PX + 1, -FRINGE_PX : FRINGE_PX + 1]) <= FRINGE_PX


@dataclass(frozen=True)
class CroppedChromosome:
    """A bright chromosome on zero, in its bounding box plus `PADDING_PX`.

    Attributes:
        image: u8[h,w], grey values; zero further than `FRINGE_PX` from the chromosome.
        mask: bool[h,w], pixels of the chromosome.
        top_px: Row of the original image where the crop begins (may be negative).
        left_px: Column of the original image where the crop begins (may be negative).
    """

    image: np.ndarray
    mask: np.ndarray
    top_px: int
    left_px: int


def brighten_chromosome(image: np.ndarray, *, background: str) -> np.ndarray:
    """Return an image with its chromosome bright on dark: inverted if its background is light.

    G-dark bands are Q-bright, so that inverted G-band images resemble Q-band images.

    Args:
        image: u8[H,W], grey image of one chromosome.
        background: "dark" (Q-band) or "light" (G-band); decided for a cell, see `level_cell`.

    Returns:
        u8[H,W], the image itself or 255 minus the image.

    Raises:
        ValueError: `background` is neither, or the image is empty.
    """
    check(image=(image, "u8[H,W]"))
    if background not in KINDS:
        raise ValueError(f"`background` must be one of {KINDS}, got {background!r}; choose one.")
    if image.size == 0:
        raise ValueError(f"`image` must have pixels, got shape {image.shape}; remove the file.")
    return 255 - image if background == "light" else image


def find_chromosome(image: np.ndarray) -> np.ndarray:
    """Return the mask of the chromosome: the largest component, holes filled.

    The threshold is `FOREGROUND_SHARE` of the 99.5th percentile of the largest component above
    the noise. Neither the size of the canvas nor debris affects it; both could leak the label.

    Args:
        image: u8[H,W], bright chromosome on a dark background.

    Returns:
        bool[H,W], pixels of the chromosome.

    Raises:
        ValueError: No component has `SMALLEST_AREA_PX` or more.
    """
    check(image=(image, "u8[H,W]"))
    rough = _largest_component(image > BACKGROUND_NOISE_LEVEL)
    if rough.any():
        bright = percentile(image[rough], 99.5)
        mask = _largest_component(image > max(BACKGROUND_NOISE_LEVEL, FOREGROUND_SHARE * bright))
        mask = fill_holes(mask)
    else:
        mask = rough
    if mask.sum() < SMALLEST_AREA_PX:
        raise ValueError(
            f"`image` must show a chromosome of at least {SMALLEST_AREA_PX} px, got a largest "
            f"component of {int(mask.sum())} px; remove the image or check `background`."
        )
    return mask


def crop_chromosome(
    image: np.ndarray, *, background: str, mask: np.ndarray | None = None
) -> CroppedChromosome:
    """Cut the chromosome out and set everything else to zero.

    Args:
        image: u8[H,W], grey image of one chromosome.
        background: "dark" or "light", see `brighten_chromosome`.
        mask: bool[H,W], what `find_chromosome` found in the bright image; None: not yet searched.

    Returns:
        The crop; it doesn't depend on background or separate debris around the chromosome. On a
        light background, satellites on a stalk above the noise belong to the chromosome.

    Raises:
        ValueError: `background` is unknown, or the image shows no chromosome.
    """
    bright = brighten_chromosome(image, background=background)
    mask = find_chromosome(bright) if mask is None else mask
    if bright is not image:
        mask = _join_satellites(bright, mask)
    image = bright
    rows, columns = ndimage.find_objects(mask.astype(np.uint8))[0]
    mask = pad(mask[rows, columns], PADDING_PX)
    # The fringe comes from the original where the original has it.
    padded = pad(image, PADDING_PX)
    cut = padded[
        rows.start : rows.stop + 2 * PADDING_PX, columns.start : columns.stop + 2 * PADDING_PX
    ]
    return CroppedChromosome(
        image=np.where(with_fringe(mask), cut, 0).astype(np.uint8),
        mask=mask,
        top_px=rows.start - PADDING_PX,
        left_px=columns.start - PADDING_PX,
    )


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Fill enclosed holes; a slit between two touching arms is open to the outside.

    Slits are one pixel wide, so their pixels may be connected by corners only.

    Args:
        mask: bool[H,W].
    """
    # A third of the time of `ndimage.binary_fill_holes`, which spreads step by step.
    outside, count = ndimage.label(~pad(mask, 1), structure=_EIGHT_NEIGHBOURS)
    return mask if count == 1 else outside[1:-1, 1:-1] != outside[0, 0]


def with_fringe(mask: np.ndarray) -> np.ndarray:
    """Return a mask with all pixels up to `FRINGE_PX` away.

    Args:
        mask: bool[H,W].
    """
    return ndimage.binary_dilation(mask, _FRINGE)


def _join_satellites(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Add satellites whose stalk is too pale for the threshold.

    Only for light backgrounds: G staining leaves stalks pale on clean white, whereas in dark,
    noisy fluorescence images such weakly connected objects are mostly debris.
    """
    linked = _largest_component(image > BACKGROUND_NOISE_LEVEL)
    threshold = FOREGROUND_SHARE * percentile(image[mask], 99.5)
    added = linked & ~mask
    # A background that is not white is connected with everything: too much is added then.
    if (added & (image > threshold)).sum() < SMALLEST_SATELLITE_PX or (
        added.sum() > SATELLITE_SHARE * mask.sum()
    ):
        return mask
    # The stalk is included: an axis needs one component.
    return fill_holes(linked | mask)


def _largest_component(foreground: np.ndarray) -> np.ndarray:
    """Return the largest 8-connected component of bool[H,W]; all False where there is none."""
    components, count = ndimage.label(foreground, structure=_EIGHT_NEIGHBOURS)
    if count <= 1:
        return components > 0
    return components == 1 + np.argmax(np.bincount(components.ravel())[1:])
