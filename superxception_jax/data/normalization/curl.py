"""Chromosomes curled at random: hooks, hairpins, loops and S-bends whose arms touch.

Where two arms touch, no outline tells where one ends, and the medial axis is wrong. Such images
are rare, and most of what a network gets wrong in cells straight from the microscope. Curling
chromosomes whose axis is known makes as many as training needs.

Points are (row, column) in pixels, the centre of the first pixel at (0, 0).
"""

from __future__ import annotations

import zlib

import numpy as np
from scipy import ndimage

from superxception_jax.data.normalization.crop import BACKGROUND_NOISE_LEVEL
from superxception_jax.data.normalization.measure import MeasuredChromosome, measure_chromosome
from superxception_jax.data.normalization.straighten import axis_points, sample_along_axis

CURL_VERSION = 1  # raise it when pixels change, so that caches are rebuilt
# Below this ratio of length to width a chromosome has room for one bend only.
LEAST_RATIO = 3.0
# Radius of a curl in widths: arms touch at a half, and the inner edges of real ones crumple.
CURL_RADIUS = (0.42, 0.75)
LOOP_RADIUS = (0.7, 1.4)
# How often each shape is drawn. Hooks are the most frequent among the images that are misread.
SHAPES = ("hook", "hook", "hook", "two hooks", "hairpin", "s", "loop")
# How far an axis wanders: over the length of one width its angle has a standard deviation of 0.05
# in the middle, and 0.15 near the ends, of chromosomes ten px wide and sixty long.
WANDER = 0.15
STEP_PX = 0.4
# Standard deviation in px of the blur of a scan, which hides the seam between touching arms.
BLUR_PX = (0.4, 0.8)
_MARGIN_PX = 6


def curl_chromosome(measured: MeasuredChromosome, *, name: str) -> MeasuredChromosome:
    """Return a chromosome curled at random, and measured as any image is.

    Its grey values along and across the medial axis are laid along another axis. Where two arms
    cover a pixel, the brighter one counts for more.

    Args:
        measured: A chromosome whose medial axis can be trusted.
        name: Seed of the random draws: the same name curls the same way.

    Returns:
        The curled chromosome with the axis that `measure_chromosome` finds; the chromosome itself
        if nothing measurable is left of it.

    Source: ours.
    """
    random = np.random.default_rng(zlib.crc32(name.encode()))
    (low, left), (high, right) = measured.extent_px
    length = high - low
    axis = draw_axis(length, width_px=measured.crop.mask.sum() / length, random=random)
    half = max(-left, right) + 1
    along, across = np.arange(low, high, STEP_PX), np.arange(-half, half + STEP_PX, STEP_PX)
    grey = np.clip(
        sample_along_axis(measured.crop.image, measured.axis, along_px=along, across_px=across),
        0,
        255,
    )
    points = axis_points(
        axis,
        along_px=np.repeat(along - low, len(across)),
        across_px=np.tile(across, len(along)),
    )
    image = ndimage.gaussian_filter(_lay(grey.ravel(), points), random.uniform(*BLUR_PX))
    try:
        return measure_chromosome(np.rint(image).astype(np.uint8), background="dark")
    except ValueError:
        return measured


def draw_axis(length_px: float, *, width_px: float, random: np.random.Generator) -> np.ndarray:
    """Return the axis of a curled chromosome, drawn at random.

    Args:
        length_px: Length of the axis.
        width_px: Width of the chromosome.
        random: Source of the draws.

    Returns:
        f64[K,2], points in pixels, `STEP_PX` apart.
    """
    count = max(8, int(np.ceil(length_px / STEP_PX)))
    step = length_px / count
    places = (np.arange(count) + 0.5) * step
    curvature = np.zeros(count)
    for centre, angle, radius in _draw_bends(length_px, width_px, random):
        bent = np.abs(places - centre) <= abs(angle) * radius / 2
        curvature[bent] += np.sign(angle) / radius
    wander = random.normal(0.0, 1.0, count)
    wander = ndimage.gaussian_filter1d(wander, max(2.0, width_px / STEP_PX), mode="nearest")
    curvature += wander * WANDER / np.sqrt(width_px)
    angles = np.cumsum(curvature) * step + random.uniform(0, 2 * np.pi)
    return np.cumsum(np.stack([np.cos(angles), np.sin(angles)], axis=-1), axis=0) * step


def _draw_bends(
    length: float, width: float, random: np.random.Generator
) -> list[tuple[float, float, float]]:
    """Return the bends of an axis: place of the middle, signed angle in radians, radius."""
    side = random.choice([-1.0, 1.0])
    radius = width * random.uniform(*CURL_RADIUS)

    def angle(low: float, high: float) -> float:
        return np.deg2rad(random.uniform(low, high))

    if length < LEAST_RATIO * width:
        return [(random.uniform(0.3, 0.7) * length, side * angle(60, 170), radius)]
    shape = random.choice(SHAPES)
    if shape == "hairpin":
        return [(random.uniform(0.3, 0.7) * length, side * angle(140, 200), radius)]
    if shape == "s":
        first = random.uniform(0.2, 0.4) * length
        second = first + random.uniform(1.2, 2.5) * width + 0.2 * length
        return [(first, side * angle(60, 130), radius), (second, -side * angle(60, 130), radius)]
    if shape == "loop":
        around = angle(240, 330)
        radius = min(width * random.uniform(*LOOP_RADIUS), 0.7 * length / around)
        return [(random.uniform(0.35, 0.65) * length, side * around, radius)]
    ends = (0, 1) if shape == "two hooks" else (random.integers(2),)
    hooks = []
    for end in ends:
        around = angle(110, 260)
        centre = random.uniform(0.0, 0.8) * width + min(around * radius, 0.45 * length) / 2
        sign = float(random.choice([-1.0, 1.0]))
        hooks.append((length - centre if end else centre, sign * around, radius))
    return hooks


def _lay(grey: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return f64[H,W] with grey values f64[M] laid at points f64[M,2]."""
    lit = grey > BACKGROUND_NOISE_LEVEL
    grey, points = grey[lit], points[lit]
    places = np.rint(points - points.min(axis=0)).astype(np.int64) + _MARGIN_PX
    height, width = places.max(axis=0) + _MARGIN_PX + 1
    flat = places[:, 0] * width + places[:, 1]
    weight = np.bincount(flat, grey, minlength=height * width).reshape(height, width)
    total = np.bincount(flat, grey**2, minlength=height * width).reshape(height, width)
    image = total / np.maximum(weight, 1e-9)
    # On the outer side of a sharp bend, samples are more than a pixel apart.
    missed = ndimage.binary_closing(weight > 0) & (weight == 0)
    near = ndimage.gaussian_filter(image, 1.0)
    share = ndimage.gaussian_filter((weight > 0).astype(np.float64), 1.0)
    image[missed] = (near / np.maximum(share, 1e-3))[missed]
    return image
