"""Where the centromere of a chromosome is: its waist, near the place that the ideogram names.

Points are (row, column) in pixels, the centre of the first pixel at (0, 0).
"""

from __future__ import annotations

import functools

import numpy as np
from scipy import ndimage

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.axis import medial_axis
from superxception_jax.data.bands import (
    centromere_units,
    chromosome_length_units,
    load_bands,
)
from superxception_jax.data.crop import find_chromosome
from superxception_jax.data.straighten import (
    axis_length_px,
    project_to_axis,
    sample_along_axis,
)

BAND_LEVEL = 400
# How far the p arm's share of the length strays from the ideogram's: twice the 0.012 to 0.03 of
# the centromeric indices of the Paris Conference (1971), because a bent tip or a cut one adds.
EXPECTED_SHARE_SD = 0.05
# Log units of evidence in a waist that is narrower by a factor of e. Fitted on synthetic cells of
# both stains at three scales; from 3 to 12 the errors are nearly the same.
WAIST_WEIGHT = 6.0
STEP_PX = 0.5
SMOOTHING_STEPS = 1.5
# Larger images are measured at this size: an axis costs the square of the pixels, and bends and
# waists are as plain at 128 px as at 600.
LARGEST_SIDE_PX = 128
# Keeps the logarithm finite where there is no signal across the axis.
_LEAST_SPREAD_PX = 0.1


@functools.cache
def expected_centromere(label: int) -> float:
    """Return the share of the p arm in the length of a chromosome, by its ideogram.

    Args:
        label: class, index in `CLASS_NAMES`.

    Returns:
        0..1, by ISCN lengths.

    Raises:
        ValueError: there is no such class.

    **Source:** the band tables, see `load_bands`; lengths in base pairs would be wrong for 13,
    14, 15, 21 and 22.

    >>> round(expected_centromere(0), 2), round(expected_centromere(20), 2)
    (0.49, 0.38)
    """
    if not 0 <= label < len(CLASS_NAMES):
        raise ValueError(
            f"`label` must be in 0..{len(CLASS_NAMES) - 1}, got {label}; see `CLASS_NAMES`."
        )
    bands = load_bands(BAND_LEVEL)[CLASS_NAMES[label]]
    return centromere_units(bands) / chromosome_length_units(bands)


def locate_centromere(image: np.ndarray, label: int) -> float:
    """Find the centromere of a chromosome.

    Args:
        image: u8[H,W], bright on black, p arm up.
        label: its class, index in `CLASS_NAMES`.

    Returns:
        Its place along the medial axis, as a share of the length from the top, 0..1.

    Raises:
        ValueError: the image shows no chromosome, or there is no such class.

    **Source:** see `centromere_on_axis`.
    """
    return centromere_on_axis(image, trace_axis(image), label=label)


def trace_axis(image: np.ndarray) -> np.ndarray:
    """Trace the medial axis of a chromosome that is bright on black.

    Args:
        image: u8[H,W].

    Returns:
        f64[K,2], see `medial_axis`; of an image above `LARGEST_SIDE_PX`, from its mask at less
        than this size.

    Raises:
        ValueError: the image shows no chromosome.

    **Source:** see `medial_axis` and `find_chromosome`.
    """
    mask = find_chromosome(image)
    factor = -(-max(image.shape) // LARGEST_SIDE_PX)
    if factor == 1:
        return medial_axis(mask)
    rows, columns = (-(-side // factor) for side in image.shape)
    padding = [(0, rows * factor - image.shape[0]), (0, columns * factor - image.shape[1])]
    blocks = np.pad(mask, padding).reshape(rows, factor, columns, factor)
    # Any pixel of a block counts, so that a thin stalk doesn't break.
    coarse = np.asarray(blocks.any(axis=(1, 3)))
    return (medial_axis(coarse) + 0.5) * factor - 0.5


def centromere_on_axis(image: np.ndarray, axis: np.ndarray, *, label: int) -> float:
    """Find the centromere of a chromosome whose medial axis is known.

    Every place along the axis has a log probability: that of a normal distribution around the
    ideogram's place, and `WAIST_WEIGHT` times the logarithm of how narrow the chromosome is
    there. The best place wins.

    Args:
        image: u8[H,W], bright on black, p arm up.
        axis: f64[K,2], its medial axis, first the upper end.
        label: its class, index in `CLASS_NAMES`.

    Returns:
        Its place, as a share of the axis from its first end, 0..1.

    Raises:
        ValueError: there is no such class.

    **Source:** ours, because the waist alone is mistaken for stalks, heterochromatin and tips,
    and the ideogram alone doesn't see that arms contract unequally.
    """
    spread = spread_along_axis(image, axis)
    share = (np.arange(len(spread)) + 0.5) / len(spread)
    narrow = np.log(spread.mean() / spread)
    expected = -0.5 * ((share - expected_centromere(label)) / EXPECTED_SHARE_SD) ** 2
    return float(share[np.argmax(expected + WAIST_WEIGHT * narrow)])


def spread_along_axis(image: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Measure how wide a chromosome is along its axis.

    Args:
        image: u8[H,W], bright on black.
        axis: f64[K,2], its medial axis.

    Returns:
        f64[S] in pixels, at places `STEP_PX` or a little less apart, further in chromosomes
        longer than `LARGEST_SIDE_PX`: the standard deviation of the position across the axis,
        weighted by the signal, smoothed.

    **Source:** ours, because a width at a threshold changes with the stain of the band, and
    this one doesn't: at every place the signal is divided by its own sum.
    """
    check(image=(image, "u8[H,W]"), axis=(axis, "f64[K,2]"))
    length_px = axis_length_px(axis)
    step_px = STEP_PX * max(1.0, length_px / LARGEST_SIDE_PX)
    count = max(1, int(np.ceil(length_px / step_px)))
    along = (np.arange(count) + 0.5) / count * length_px
    _, offsets = project_to_axis(outline_points(image), axis)
    half = np.abs(offsets).max(initial=1.0)
    across = np.arange(-half, half + step_px, step_px)
    grid = np.meshgrid(along, across, indexing="ij")
    signal = sample_along_axis(image, axis, along_px=grid[0].ravel(), across_px=grid[1].ravel())
    # The spline overshoots below zero beside a sharp edge.
    signal = np.maximum(signal.reshape(count, -1), 0.0)
    share = signal / np.maximum(signal.sum(axis=1, keepdims=True), 1e-9)
    middle = share @ across
    variance = (share * (across - middle[:, None]) ** 2).sum(axis=1)
    smooth = ndimage.gaussian_filter1d(np.sqrt(variance), SMOOTHING_STEPS, mode="nearest")
    return smooth + _LEAST_SPREAD_PX


def outline_points(image: np.ndarray) -> np.ndarray:
    """Return the outermost pixels of everything that isn't black.

    Args:
        image: u8[H,W], bright on black.

    Returns:
        f64[M,2] points in pixels; none in a black image.

    **Source:** ours, because they say how far a chromosome reaches at a tenth of the cost.
    """
    lit = image > 0
    return np.argwhere(lit & ~ndimage.binary_erosion(lit)).astype(np.float64)
