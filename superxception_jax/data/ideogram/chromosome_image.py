"""Images of synthetic chromosomes: two chromatids along an axis, seen through a microscope.

A chromatid is a bent tube of stained matter. The matter is laid out as points, which are added up
in the pixels by bilinear weights and blurred. Bends, splayed tips and crossings need no special
cases, whereas a distance field would need the nearest point on the axis for every pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from superxception_jax.data.ideogram.curve import draw_curve
from superxception_jax.data.ideogram.profile import Profile
from superxception_jax.data.ideogram.styles import Style

# Finer steps change no grey level after the blur.
PLACES_PER_PX = 2.0
_ACROSS = np.linspace(-1.0, 1.0, 15)[1:-1]
# Projected thickness of a round tube, flattened a little because spread chromatids are flat.
_THICKNESS = (1.0 - _ACROSS**2) ** 0.4
_ACROSS_STEP = float(_ACROSS[1] - _ACROSS[0])
# The blur widens it to the observed 0.6 to 0.75.
_CONSTRICTION = (0.45, 0.62)
_CONSTRICTION_SHARE_OF_WIDTH = 0.22
_SPLAY_MEAN = 0.16
_SPLAY_LENGTH_PX = 5.0
_WIDTH_LOG_SD = 0.06
_CHROMATID_LOG_SD = 0.05
_DEBRIS_DISTANCE_PX = (7.0, 14.0)
_DEBRIS_RADIUS_PX = (0.5, 1.4)
_DEBRIS_POINTS = 40
_INVISIBLE = 0.06


@dataclass(frozen=True)
class Optics:
    """Imaging conditions that all chromosomes of a cell share.

    Attributes:
        px_per_unit: Scale, px per ISCN unit.
        width_px: Width across both chromatids at half maximum, px.
        groove: Distance of the chromatid axes divided by the width of a chromatid.
        blur_px: Standard deviation of the optical blur, px.
        brightness: Signal of a fully stained band, grey levels.
        background: Mean grey level of the background, 0 for one set to zero.
    """

    px_per_unit: float
    width_px: float
    groove: float
    blur_px: float
    brightness: float
    background: float


@dataclass(frozen=True)
class _Matter:
    """Points of stained matter: f64[P] coordinates in px and weights in px² of full stain."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray


def _constriction(
    generator: np.random.Generator, profile: Profile, *, length_px: float, width_px: float
) -> np.ndarray:
    """Return the width along the axis: f64[S], narrow at the centromere."""
    depth = 1.0 - generator.uniform(*_CONSTRICTION)
    from_tip_px = (np.arange(profile.width.size) + 0.5) / profile.width.size * length_px
    distance = (from_tip_px - profile.centromere * length_px) / (
        _CONSTRICTION_SHARE_OF_WIDTH * width_px
    )
    width = ndimage.gaussian_filter1d(profile.width, PLACES_PER_PX * 1.5, mode="nearest")
    return width * (1.0 - depth * np.exp(-0.5 * distance**2))


def _lay_out(
    generator: np.random.Generator, profile: Profile, *, optics: Optics, style: Style
) -> _Matter:
    """Return the matter of both chromatids around a drawn axis."""
    samples = profile.stain.size
    length_px = samples / PLACES_PER_PX
    points, normals = draw_curve(
        generator,
        length_px=length_px,
        centromere=profile.centromere,
        samples=samples,
        tilt_degrees=style.tilt_degrees,
        bend=style.bend,
    )
    width_px = optics.width_px * np.exp(generator.normal(0.0, _WIDTH_LOG_SD))
    width = _constriction(generator, profile, length_px=length_px, width_px=width_px)
    # The full width is twice (half distance + radius) = 2 · radius · (1 + groove).
    radius_px = width_px / (2.0 * (1.0 + optics.groove)) * width
    from_p = (np.arange(samples) + 0.5) / PLACES_PER_PX
    from_q = length_px - from_p
    splay_p, splay_q = generator.exponential(_SPLAY_MEAN, size=2)
    splay = 1.0 + splay_p * np.exp(-from_p / _SPLAY_LENGTH_PX)
    splay += splay_q * np.exp(-from_q / _SPLAY_LENGTH_PX)
    half_distance_px = radius_px * optics.groove * splay
    # Round tips.
    to_tip = np.minimum(np.minimum(from_p, from_q) / np.maximum(radius_px, 1.0), 1.0)
    radius_px = radius_px * np.sqrt(to_tip * (2.0 - to_tip))
    stain = style.unstained + (1.0 - style.unstained) * profile.stain
    x, y, weight = [], [], []
    for side in (-1.0, 1.0):
        strength = np.exp(generator.normal(0.0, _CHROMATID_LOG_SD))
        across = side * half_distance_px[:, None] + radius_px[:, None] * _ACROSS
        x.append(points[:, :1] + normals[:, :1] * across)
        y.append(points[:, 1:] + normals[:, 1:] * across)
        area = radius_px * (_ACROSS_STEP / PLACES_PER_PX) * strength * stain
        weight.append(area[:, None] * _THICKNESS)
    return _Matter(x=_flat(x), y=_flat(y), weight=_flat(weight))


def _flat(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([part.ravel() for part in parts])


def _add_debris(generator: np.random.Generator, matter: _Matter) -> _Matter:
    """Add a small speck of debris at a distance from the chromosome."""
    radius_px = generator.uniform(*_DEBRIS_RADIUS_PX)
    distance_px = generator.uniform(*_DEBRIS_DISTANCE_PX)
    side = generator.integers(2)
    x = (matter.x.min() - distance_px, matter.x.max() + distance_px)[side]
    y = generator.uniform(matter.y.min(), matter.y.max())
    area = 2.0 * np.pi * radius_px**2 * generator.uniform(0.4, 1.0)
    return _Matter(
        x=np.concatenate([matter.x, x + generator.normal(0.0, radius_px, _DEBRIS_POINTS)]),
        y=np.concatenate([matter.y, y + generator.normal(0.0, radius_px, _DEBRIS_POINTS)]),
        weight=np.concatenate([matter.weight, np.full(_DEBRIS_POINTS, area / _DEBRIS_POINTS)]),
    )


def _rasterize(matter: _Matter, *, border_px: tuple[float, float, float, float]) -> np.ndarray:
    """Add points up in pixels by bilinear weights.

    Args:
        matter: Points of both chromatids and of debris.
        border_px: Empty space to the left, right, top and bottom.

    Returns:
        f64[H,W], amount of stain, 1 for full stain.
    """
    left, right, top, bottom = border_px
    x = matter.x - matter.x.min() + left
    y = matter.y - matter.y.min() + top
    columns = int(np.ceil(x.max() + right)) + 2
    rows = int(np.ceil(y.max() + bottom)) + 2
    column, row = x.astype(np.intp), y.astype(np.intp)
    x, y = x - column, y - row
    corner = row * columns + column
    image = np.zeros(rows * columns)
    for offset, share in (
        (0, (1.0 - x) * (1.0 - y)),
        (1, x * (1.0 - y)),
        (columns, (1.0 - x) * y),
        (columns + 1, x * y),
    ):
        image += np.bincount(corner + offset, matter.weight * share, minlength=rows * columns)
    return image.reshape(rows, columns)


def _expose(
    generator: np.random.Generator, stained: np.ndarray, *, optics: Optics, style: Style
) -> np.ndarray:
    """Blur stain, add texture and noise, and return grey levels u8[H,W]."""
    texture = ndimage.gaussian_filter(generator.standard_normal(stained.shape), 1.0, truncate=2.5)
    # The filter leaves 0.28 of the standard deviation of white noise.
    signal = ndimage.gaussian_filter(stained, optics.blur_px, truncate=3.0)
    signal *= 1.0 + style.texture / 0.28 * texture
    noise = generator.normal(0.0, style.noise, size=stained.shape)
    grey = optics.brightness * signal + noise
    if optics.background > 0.0:
        grey = np.maximum(grey + optics.background, 0.0)
    else:
        # In most public images everything around the chromosome is set to zero.
        grey = np.where(signal > _INVISIBLE, grey, 0.0)
    if style.polarity == "dark_on_light":
        grey = 255.0 - grey
    return np.clip(np.rint(grey), 0.0, 255.0).astype(np.uint8)


def draw_chromosome(
    generator: np.random.Generator, profile: Profile, *, optics: Optics, style: Style
) -> np.ndarray:
    """Draw one chromosome, p arm up apart from its tilt.

    Args:
        generator: Random generator; it is advanced.
        profile: Stain and width along the chromosome, `PLACES_PER_PX` places per pixel.
        optics: Imaging conditions of the cell.
        style: Statistics of the staining.

    Returns:
        u8[H,W], image of the chromosome with a small border.
    """
    matter = _lay_out(generator, profile, optics=optics, style=style)
    has_debris = generator.random() < style.debris_share
    if has_debris:
        matter = _add_debris(generator, matter)
    low, high = style.margin_px
    border_px = generator.uniform(low, high, size=4) + 1.2 * optics.blur_px
    stained = _rasterize(matter, border_px=tuple(border_px))
    return _expose(generator, stained, optics=optics, style=style)
