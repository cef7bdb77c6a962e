"""Find the chromosome in a single-chromosome image and cut it out.

All functions below `brighten_chromosome` expect a bright chromosome on a dark background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from superxception_jax.arrays import check

BACKGROUNDS = ("auto", "dark", "light")
BACKGROUND_NOISE_LEVEL = 8  # grey levels; scans have a background noise of 1..3
FOREGROUND_SHARE = 0.12  # of the chromosome's own 99.5th percentile of grey
SATELLITE_SHARE = 1 / 3  # of the chromosome's area, with stalk; more is another chromosome
SMALLEST_SATELLITE_PX = 6  # fewer pixels are a frayed edge
SMALLEST_AREA_PX = 20  # the smallest real chromosomes cover about 100 pixels
FRINGE_PX = 2  # the blurred edge that lies below the foreground threshold
PADDING_PX = FRINGE_PX + 2  # two zeros beyond the fringe for the cubic interpolation
_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True)
class CroppedChromosome:
    """One chromosome, bright on zero, in the tightest box plus `PADDING_PX`.

    Attributes:
        image: u8[h,w]; zero further than `FRINGE_PX` from the component.
        mask: bool[h,w]; the component itself.
        top_px: row of the original image where the crop begins (may be negative).
        left_px: column of the original image where the crop begins (may be negative).
    """

    image: np.ndarray
    mask: np.ndarray
    top_px: int
    left_px: int


def brighten_chromosome(image: np.ndarray, *, background: str) -> np.ndarray:
    """Invert an image with a light background, so that the chromosome is bright on dark.

    Args:
        image: u8[H,W] grey image of one chromosome.
        background: "dark" (Q-band), "light" (G-band) or "auto": light when at least half of
            the border pixels are above the middle grey.

    Returns:
        u8[H,W]; the image itself, or 255 minus the image.

    Raises:
        ValueError: `background` is none of the three, or the image is empty.

    **Source:** ours, because G-dark bands are Q-bright: inverted, both sets look alike.
    """
    check(image=(image, "u8[H,W]"))
    if background not in BACKGROUNDS:
        raise ValueError(f"`background` must be one of {BACKGROUNDS}, got {background!r}; fix it.")
    if image.size == 0:
        raise ValueError(f"`image` must have pixels, got shape {image.shape}; remove the file.")
    if background == "auto":
        background = "light" if has_light_background(image) else "dark"
    return 255 - image if background == "light" else image


def has_light_background(image: np.ndarray) -> bool:
    """Tell whether at least half of the border pixels are above the middle grey.

    Args:
        image: u8[H,W] grey image of one chromosome.

    Returns:
        True for a light background (G-band), False for a dark one (Q-band).

    **Source:** ours, because a chromosome touches little of the border of its image.
    """
    check(image=(image, "u8[H,W]"))
    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    return bool(np.median(border) > 127)


def find_chromosome(image: np.ndarray) -> np.ndarray:
    """Mark the pixels of the chromosome: the largest component, holes filled.

    The threshold is `FOREGROUND_SHARE` of the 99.5th percentile of the largest component above
    the noise, so that neither the size of the canvas nor debris has a say in it.

    Args:
        image: u8[H,W], bright chromosome on a dark background.

    Returns:
        bool[H,W].

    Raises:
        ValueError: no component of `SMALLEST_AREA_PX` or more stands out.

    **Source:** ours, because loose canvases and debris turn into label leaks otherwise.
    """
    check(image=(image, "u8[H,W]"))
    rough = _largest_component(image > BACKGROUND_NOISE_LEVEL)
    if rough.any():
        bright = np.percentile(image[rough], 99.5)
        mask = _largest_component(image > max(BACKGROUND_NOISE_LEVEL, FOREGROUND_SHARE * bright))
        mask = _fill_holes(mask)
    else:
        mask = rough
    if mask.sum() < SMALLEST_AREA_PX:
        raise ValueError(
            f"`image` must show a chromosome of at least {SMALLEST_AREA_PX} px, got a largest "
            f"component of {int(mask.sum())} px; remove the image or check `background`."
        )
    return mask


def crop_chromosome(image: np.ndarray, *, background: str) -> CroppedChromosome:
    """Cut the chromosome out and blacken everything that does not belong to it.

    Args:
        image: u8[H,W] grey image of one chromosome.
        background: see `brighten_chromosome`.

    Returns:
        The crop; equal for any amount of background or separate debris around the chromosome.
        On a light background, satellites on a stalk above the noise belong to it.

    Raises:
        ValueError: `background` is unknown, or no chromosome stands out.

    **Source:** ours, because the paper says nothing about the canvas of the published files.
    """
    bright = brighten_chromosome(image, background=background)
    mask = find_chromosome(bright)
    if bright is not image:
        mask = _join_satellites(bright, mask)
    image = bright
    rows, columns = ndimage.find_objects(mask.astype(np.uint8))[0]
    mask = np.pad(mask[rows, columns], PADDING_PX)
    # The fringe is taken from the original where the original has it.
    padded = np.pad(image, PADDING_PX)
    cut = padded[
        rows.start : rows.stop + 2 * PADDING_PX, columns.start : columns.stop + 2 * PADDING_PX
    ]
    fringe = ndimage.distance_transform_edt(~mask) <= FRINGE_PX
    return CroppedChromosome(
        image=np.where(fringe, cut, 0).astype(np.uint8),
        mask=mask,
        top_px=rows.start - PADDING_PX,
        left_px=columns.start - PADDING_PX,
    )


def _join_satellites(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Add the satellites that only a stalk too pale for the threshold holds to the chromosome.

    Only for light backgrounds: G staining leaves stalks pale on a clean white, whereas on the
    dark, noisy scans of fluorescence what hangs together that weakly is mostly debris.
    """
    linked = _largest_component(image > BACKGROUND_NOISE_LEVEL)
    threshold = FOREGROUND_SHARE * np.percentile(image[mask], 99.5)
    added = linked & ~mask
    # A background that is not white hangs together with everything: too much is added then.
    if (added & (image > threshold)).sum() < SMALLEST_SATELLITE_PX or (
        added.sum() > SATELLITE_SHARE * mask.sum()
    ):
        return mask
    # The stalk comes along: an axis needs one component.
    return _fill_holes(linked | mask)


def _fill_holes(mask: np.ndarray) -> np.ndarray:
    """Fill what is dark all round; a slit between two arms that touch opens to the outside.

    Slits are one pixel wide, so that they run on by corners.
    """
    return ndimage.binary_fill_holes(mask, structure=_EIGHT_NEIGHBOURS)


def _largest_component(foreground: np.ndarray) -> np.ndarray:
    """Keep the largest 8-connected component of bool[H,W]; all False when there is none."""
    components, count = ndimage.label(foreground, structure=_EIGHT_NEIGHBOURS)
    if count <= 1:
        return components > 0
    return components == 1 + np.argmax(np.bincount(components.ravel())[1:])
