"""The same chromosome in two files: copied, cropped, saved anew or resized a little."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage
from scipy.spatial import cKDTree

from superxception_jax.data.normalization.crop import FRINGE_PX
from superxception_jax.data.screening.sight import Sight
from superxception_jax.data.small_arrays import pad

PORTRAIT_PX = 24
PORTRAIT_REACH = 2.2  # standard deviations of the grey to each side of its centre
# Measured on all pairs within the cells of two Q- and G-band sets, and on copies of 600 images:
# but for one satellite, JPEG of quality 50 keeps 0.993 and 0.8 of the size as JPEG 0.983; of two
# homologues one pair reaches 0.986, at unequal shapes, the next ones 0.97 to 0.98.
SAME_SIZE_LIKENESS = 0.99
RESIZED_LIKENESS = 0.983
LARGEST_STRETCH = 0.045  # difference of the two sides' log scales; rounded sizes reach 0.04
RESIZED = 0.03  # log scale beyond which a copy counts as resized
LARGEST_RESIZING = 0.7  # log scale; twofold
_KEY_SIDE = 5  # slow waves per side that the search goes by


@dataclass(frozen=True)
class Portrait:
    """What a chromosome looks like, whatever its canvas, size and grey scale.

    Attributes:
        detail: f32[P], bands and outline at unit length and zero mean.
        log_scale: f64[2], logarithm of the standard deviations of the grey, rows and columns.
    """

    detail: np.ndarray
    log_scale: np.ndarray


def find_twins(sights: Iterable[Sight]) -> tuple[tuple[int, int], ...]:
    """Return the images that show the same chromosome as an earlier one, from the same picture.

    Found are equal pixels, other canvases around them, other brightness or contrast, JPEG, and
    sizes up to twofold. Turned and mirrored copies are not. Time and memory grow about linearly
    with the number of images; each is looked at once.

    Args:
        sights: What N images show, of one cell or of many, see `see`.

    Returns:
        Pairs (index of the first, index of its twin), at most one for each twin, in the order of
        the twins.

    Source: ours, because exact hashes miss a chromosome that was saved anew.
    """
    first_of: dict[bytes, int] = {}
    pairs: list[tuple[int, int]] = []
    portraits: list[Portrait] = []
    portrayed: list[int] = []
    for index, sight in enumerate(sights):
        first = first_of.setdefault(sight.digest, index)
        if first != index:
            pairs.append((first, index))
        elif (portrait := draw_portrait(sight)) is not None:
            portraits.append(portrait)
            portrayed.append(index)
    pairs += [(portrayed[one], portrayed[other]) for one, other in find_alike(portraits)]
    return tuple(sorted(pairs, key=lambda pair: pair[1]))


def draw_portrait(sight: Sight) -> Portrait | None:
    """Return the portrait of a chromosome; None where there is none.

    Centre and scale are moments of the grey, which move less than the outline's outermost pixel
    when a picture is saved anew.

    Args:
        sight: What an image shows.
    """
    if sight.mask is None:
        return None
    # The box with a margin; in the original around the chromosome where that has one.
    margin = 2 * FRINGE_PX
    rows, columns = ndimage.find_objects(sight.mask.astype(np.uint8))[0]
    box = slice(rows.start, rows.stop + 2 * margin), slice(columns.start, columns.stop + 2 * margin)
    # A soft edge, because a pixel that crosses the threshold must not count at once.
    outside = ndimage.distance_transform_edt(~pad(sight.mask, margin)[box])
    edge = np.clip((margin - outside) / FRINGE_PX, 0, 1)
    grey = pad(sight.content, margin)[box] * edge
    centre, scale = zip(*(_moments(grey.sum(axis=1 - axis)) for axis in (0, 1)), strict=True)
    steps = np.linspace(-PORTRAIT_REACH, PORTRAIT_REACH, PORTRAIT_PX)
    places = [middle + steps * spread for middle, spread in zip(centre, scale, strict=True)]
    blur = [max(1.0, PORTRAIT_REACH * spread / PORTRAIT_PX) for spread in scale]
    smooth = ndimage.gaussian_filter(grey, blur, mode="constant")
    seen = ndimage.map_coordinates(smooth, np.meshgrid(*places, indexing="ij"), order=1)
    # Bands tell homologues apart; the outline alone doesn't.
    detail = seen - ndimage.gaussian_filter(seen, PORTRAIT_PX / 8, mode="constant")
    detail = (detail - detail.mean()).ravel()
    length = float(np.linalg.norm(detail))
    if length == 0:
        return None
    return Portrait((detail / length).astype(np.float32), np.log(np.multiply(scale, sight.factor)))


def _moments(profile: np.ndarray) -> tuple[float, float]:
    """Return the mean place and the standard deviation of grey along one side."""
    places, whole = np.arange(len(profile)), profile.sum()
    mean = places @ profile / whole
    return float(mean), float(np.sqrt((places - mean) ** 2 @ profile / whole + 1 / 12))


def find_alike(portraits: Sequence[Portrait]) -> Iterator[tuple[int, int]]:
    """Yield pairs (first, twin) of portraits, one for each twin.

    Slow waves are an orthonormal projection: what is near in the whole is near in them, so that
    a tree of few dimensions misses nothing.
    """
    if len(portraits) < 2:
        return
    details = np.stack([one.detail for one in portraits])
    scales = np.stack([one.log_scale for one in portraits])
    squares = details.reshape(-1, PORTRAIT_PX, PORTRAIT_PX)
    waves = fft.dctn(squares, axes=(1, 2), norm="ortho")[:, :_KEY_SIDE, :_KEY_SIDE]
    keys = waves.reshape(len(portraits), -1)
    tree = cKDTree(keys)
    reach = float(np.sqrt(2 - 2 * RESIZED_LIKENESS)) + 1e-4
    twins: set[int] = set()
    for index, key in enumerate(keys):
        near = np.array([other for other in tree.query_ball_point(key, reach) if other < index])
        near = np.array(sorted(set(near.tolist()) - twins), int)
        if near.size == 0:
            continue
        change = scales[index] - scales[near]
        resized = np.abs(change).max(axis=1)
        needed = np.where(resized > RESIZED, RESIZED_LIKENESS, SAME_SIZE_LIKENESS)
        same = (
            (details[near] @ details[index] >= needed)
            & (np.abs(change[:, 0] - change[:, 1]) <= LARGEST_STRETCH)
            & (resized <= LARGEST_RESIZING)
        )
        if same.any():
            twins.add(index)
            yield int(near[same][0]), index
