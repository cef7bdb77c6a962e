"""Locate the centromere of a chromosome: the constriction nearest to its ideogram position.

Points are (row, column) in pixels, the centre of the first pixel at (0, 0).
"""

from __future__ import annotations

import functools

import numpy as np
from scipy import ndimage

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.bands import (
    centromere_units,
    chromosome_length_units,
    load_bands,
)
from superxception_jax.data.normalization.axis import medial_axis
from superxception_jax.data.normalization.crop import find_chromosome
from superxception_jax.data.normalization.straighten import (
    axis_length_px,
    project_to_axis,
    sample_along_axis,
)
from superxception_jax.data.small_arrays import outline

BAND_LEVEL = 400
# Standard deviation of the centromeric index around that of the ideogram: twice the 0.012 to 0.03
# of the Paris Conference (1971), because a bent or truncated tip adds to the biological variation.
EXPECTED_SHARE_SD = 0.05
# Log-probability gained where the chromosome is narrower by a factor of e. Fitted on synthetic
# cells of both stains at three scales; the errors are nearly the same for values from 3 to 12.
WAIST_WEIGHT = 6.0
STEP_PX = 0.5
SMOOTHING_STEPS = 1.5
# Larger images are traced at this size: the cost of an axis grows with the square of the number of
# pixels, and bends and constrictions are as clear at 128 px as at 600 px.
LARGEST_SIDE_PX = 128
# Keeps the logarithm finite where a cross-section is empty.
_LEAST_SPREAD_PX = 0.1


@functools.cache
def expected_centromere(label: int) -> float:
    """Return the centromeric index of a class on its ideogram: p arm length over total length.

    Computed from ISCN lengths, because lengths in base pairs are wrong for 13, 14, 15, 21 and 22.

    Args:
        label: Class, an index in `CLASS_NAMES`.

    Returns:
        The centromeric index, 0..1.

    Raises:
        ValueError: There is no such class.

    >>> round(expected_centromere(0), 2), round(expected_centromere(20), 2)
    (0.49, 0.38)
    """
    if not 0 <= label < len(CLASS_NAMES):
        raise ValueError(
            f"`label` must be in 0..{len(CLASS_NAMES) - 1}, got {label}; see `CLASS_NAMES`."
        )
    bands = load_bands(BAND_LEVEL)[CLASS_NAMES[label]]
    return centromere_units(bands) / chromosome_length_units(bands)


def trace_axis(image: np.ndarray) -> np.ndarray:
    """Return the medial axis of a chromosome, traced at no more than `LARGEST_SIDE_PX`.

    Args:
        image: u8[H,W], bright on black.

    Returns:
        f64[K,2], points in pixels of the image, see `medial_axis`.

    Raises:
        ValueError: The image shows no chromosome.
    """
    mask = find_chromosome(image)
    factor = -(-max(image.shape) // LARGEST_SIDE_PX)
    if factor == 1:
        return medial_axis(mask)
    rows, columns = (-(-side // factor) for side in image.shape)
    padding = [(0, rows * factor - image.shape[0]), (0, columns * factor - image.shape[1])]
    blocks = np.pad(mask, padding).reshape(rows, factor, columns, factor)
    # One pixel is enough to fill its block, so that a thin stalk doesn't break.
    coarse = np.asarray(blocks.any(axis=(1, 3)))
    return (medial_axis(coarse) + 0.5) * factor - 0.5


def thin_axis(axis: np.ndarray) -> np.ndarray:
    """Return a measured medial axis with fewer points, which are enough to find the centromere.

    Args:
        axis: f64[K,2], points in pixels.

    Returns:
        f64[K',2], every n-th point, and the last one.
    """
    every = max(2, round(2 * axis_length_px(axis) / LARGEST_SIDE_PX))
    return np.concatenate([axis[:-1:every], axis[-1:]])


def centromere_on_axis(image: np.ndarray, axis: np.ndarray, *, label: int) -> float:
    """Return the position of the centromere on a known medial axis.

    It is the most probable position under two terms: a normal distribution around the position
    on the ideogram, and `WAIST_WEIGHT` times the logarithm of how narrow the chromosome is. Both
    are needed: stalks, heterochromatin and tips are narrow too, and the two arms of a chromosome
    don't contract equally.

    Args:
        image: u8[H,W], bright on black, p arm up.
        axis: f64[K,2], medial axis in pixels, upper end first.
        label: Class of the chromosome, an index in `CLASS_NAMES`.

    Returns:
        Distance from the upper end, as a fraction of the axis, 0..1.

    Raises:
        ValueError: There is no such class.
    """
    spread = spread_along_axis(image, axis)
    share = (np.arange(len(spread)) + 0.5) / len(spread)
    narrow = np.log(spread.mean() / spread)
    expected = -0.5 * ((share - expected_centromere(label)) / EXPECTED_SHARE_SD) ** 2
    return float(share[np.argmax(expected + WAIST_WEIGHT * narrow)])


def spread_along_axis(image: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return the width profile of a chromosome along its axis.

    The width is the standard deviation of the position across the axis, weighted by intensity
    and smoothed. Unlike a width at a threshold it doesn't depend on how dark a band is, because
    every cross-section is divided by its own sum.

    Args:
        image: u8[H,W], bright on black.
        axis: f64[K,2], medial axis in pixels.

    Returns:
        f64[S], widths in pixels at positions at most `STEP_PX` apart, proportionally further
        apart in chromosomes longer than `LARGEST_SIDE_PX`.
    """
    check(image=(image, "u8[H,W]"), axis=(axis, "f64[K,2]"))
    length_px = axis_length_px(axis)
    step_px = STEP_PX * max(1.0, length_px / LARGEST_SIDE_PX)
    count = max(1, int(np.ceil(length_px / step_px)))
    along = (np.arange(count) + 0.5) / count * length_px
    _, offsets = project_to_axis(outline(image > 0).astype(np.float64), axis)
    half = np.abs(offsets).max(initial=1.0)
    # Across, one pixel is enough: the sums of a cubic spline and of its moments don't depend on
    # where between two pixels they begin.
    across = np.arange(-half, half + 2 * step_px, 2 * step_px)
    signal = sample_along_axis(image, axis, along_px=along, across_px=across)
    # The spline undershoots zero next to a sharp edge.
    signal = np.maximum(signal, 0.0)
    share = signal / np.maximum(signal.sum(axis=1, keepdims=True), 1e-9)
    middle = share @ across
    variance = (share * (across - middle[:, None]) ** 2).sum(axis=1)
    smooth = ndimage.gaussian_filter1d(np.sqrt(variance), SMOOTHING_STEPS, mode="nearest")
    return smooth + _LEAST_SPREAD_PX
