"""Images that are not one chromosome of their cell, found before they can affect the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from superxception_jax.data.normalization.crop import (
    BACKGROUND_NOISE_LEVEL,
    FOREGROUND_SHARE,
    SATELLITE_SHARE,
)
from superxception_jax.data.screening.sight import Sight
from superxception_jax.data.screening.twins import find_twins
from superxception_jax.data.small_arrays import pad, percentile

# Chosen on three G- and Q-band sets and a DAPI set, mostly on the odd cells; what real chromosomes
# reach stands beside each number. `benchmarks/screening.py` measures the outcome.
OBJECT_SHARE = 0.08  # of the largest piece; less is debris
MANY_OBJECTS = 5
PIECE_SHARE = 0.18  # of the largest piece: 21 beside 1; real debris reaches 0.15
PIECE_SHARE_OF_SMALL = 0.5  # of the cell's small chromosomes
LARGEST_GAP = 0.45  # of the width, between the parts of a chromosome that the threshold splits
LEAST_COSINE = 0.7  # between the direction across the gap and the axes of both parts
LEAST_LONG = 1.5  # length by width of a part that has an axis
FACING_PX = 1.5  # depth of the rims that face each other across the gap
LARGEST_WIDENING = 1.15  # of the width, where such parts meet; side by side they double it
THIN_SHARE = 0.3  # of the pixels that are no edge; chromosomes have 0.5 and more
FLAT_SHARE = 0.65  # of the pixels inside at one grey level; chromosomes reach 0.5
FLAT_LEVELS = 0.02  # of the brightness, to each side of that grey level
STRAIGHT_SHARE = 0.9  # of each side of the box that a bar or frame covers; chromosomes reach 0.64
ROUND = 1.5  # area by that of the largest disc inside
FEWEST_OTHERS = 5  # fewer say little about the sizes in a cell
SMALLEST_AREA = 0.12  # of the median; the smallest chromosomes have 0.2
SMALL_QUANTILE, LARGE_QUANTILE = 0.1, 0.9
# Both, because few chromosomes of a cell may be given: 1 beside 2, or among 21 and 22.
LARGEST_AREA_OF_LARGE = 1.9  # of the large chromosomes; the largest of whole cells have 1.6
LARGEST_AREA_OF_SMALL = 7.5  # of the small chromosomes; the largest of whole cells have 6.1
LARGEST_WIDTH = 2.2  # of the median; a curled chromosome reaches 2.1
_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
_NUMBERS = {2: "two", 3: "three", 4: "four"}


@dataclass(frozen=True)
class Screened:
    """What is wrong with an image.

    Attributes:
        index: Index of the image.
        reason: Why it can't be one chromosome of this cell, as half a sentence for users.
    """

    index: int
    reason: str


@dataclass(frozen=True)
class _View:
    """What an image shows, in pixels of the file.

    Attributes:
        reason: What is wrong with it whatever the other images show; empty for nothing.
        area_px: Area of the largest piece, without holes: a loop encloses background.
        width_px: Diameter of the largest disc inside it.
        is_round: Whether that disc is most of it.
        apart_px: Area of the second piece, where it is no part of the first; or 0.
    """

    reason: str
    area_px: float
    width_px: float
    is_round: bool
    apart_px: float


def screen_cell(
    sights: Sequence[Sight], *, names: Sequence[str], background: str
) -> tuple[Screened, ...]:
    """Return the images that are not one chromosome of their cell, in the order of the images.

    Each image is first judged by itself, then by the sizes of the other images that are left
    (from `FEWEST_OTHERS` on), then as a twin of an earlier one. Medians and quantiles of the
    others keep a wrong image from moving the judgement of the rest.

    Args:
        sights: What N images show, each with a black or white background, see `level_cell`.
        names: N names, for reasons that mention another image.
        background: "dark" or "light", as for the sights.

    Returns:
        At most one entry per image; empty if every image may be a chromosome. An image that
        shows nothing is not listed: measuring it says so.

    Raises:
        ValueError: `names` and `sights` differ in number.

    Source: ours, because a foreign image that is read as a chromosome changes the karyotype and,
        by relative size, the reading of the others.
    """
    if len(sights) != len(names):
        raise ValueError(
            f"`names` must be as many as `sights`, got {len(names)} and {len(sights)}; pass the "
            "whole cell."
        )
    views = {}
    for index, sight in enumerate(sights):
        view = _look(sight, background=background)
        if view is not None:
            views[index] = view
    reasons = {index: view.reason for index, view in views.items() if view.reason}
    left = [index for index in views if index not in reasons]
    for place, reason in _compare([views[index] for index in left]).items():
        reasons[left[place]] = reason
    left = [index for index in left if index not in reasons]
    for first, second in find_twins(sights[index] for index in left):
        reasons[left[second]] = f"the same image as `{names[left[first]]}`"
    return tuple(Screened(index, reasons[index]) for index in sorted(reasons))


def _look(sight: Sight, *, background: str) -> _View | None:
    """Return what an image shows; None where `find_chromosome` finds nothing."""
    content, factor, mask = sight.content, sight.factor, sight.mask
    if mask is None:
        return None
    threshold = max(BACKGROUND_NOISE_LEVEL, FOREGROUND_SHARE * percentile(content[mask], 99.5))
    labels, _ = ndimage.label(content > threshold, structure=_EIGHT_NEIGHBOURS)
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    order = np.argsort(-areas, kind="stable")
    objects = order[areas[order] >= OBJECT_SHARE * areas[order[0]]]
    largest = labels == objects[0]
    width = _width_px(largest)
    is_round = largest.sum() < ROUND * np.pi / 4 * width**2
    reason, apart_px = "", 0
    if len(objects) >= MANY_OBJECTS:
        reason = f"shows {len(objects)} objects: probably a whole metaphase"
    elif _is_straight(largest):
        reason = "straight edges: probably a scale bar, a frame, or an image without background"
    elif not is_round and _is_drawn(content, largest):
        reason = "probably a scale bar or label (thin lines, or a single grey level)"
    else:
        by_stalks = background == "light" and len(objects) > 1
        linked = _linked(content, largest) if by_stalks else largest
        apart = _apart(labels, areas, objects, linked=linked)
        apart_px = int(areas[apart[0]]) if apart else 0
        pieces = 1 + sum(areas[one] >= PIECE_SHARE * areas[objects[0]] for one in apart)
        if pieces > 1 and _is_drawn(content, labels == apart[0]):
            reason = "a scale bar or label beside the chromosome; crop it away"
        elif pieces > 1:
            reason = _several(pieces)
    unit = factor**2
    return _View(reason, largest.sum() * unit, width * factor, is_round, apart_px * unit)


def _several(pieces: int) -> str:
    return f"{_NUMBERS[pieces]} separate pieces of chromosome size; crop it to one chromosome"


def _compare(views: list[_View]) -> dict[int, str]:
    """Return what is wrong with views, beside the others of their cell; by index."""
    if len(views) <= FEWEST_OTHERS:
        return {}
    areas = np.array([view.area_px for view in views])
    widths = np.array([view.width_px for view in views])
    median_area, median_width = (np.median(_others(one), axis=1) for one in (areas, widths))
    reasons = {}
    for index, view in enumerate(views):
        wide = view.width_px / median_width[index]
        if wide > LARGEST_WIDTH and view.is_round:
            reasons[index] = (
                f"looks like a nucleus: round and {wide:.1f} times as wide as the chromosomes"
            )
        elif wide > LARGEST_WIDTH:
            reasons[index] = (
                f"too wide for a chromosome of this cell ({wide:.1f} times the median width of "
                "the others): probably a cluster or a nucleus"
            )
        elif view.area_px < SMALLEST_AREA * median_area[index]:
            reasons[index] = "too small for a chromosome of this cell: probably debris"
    # Nuclei and dirt are left out first: several would move the quantiles.
    left = [index for index in range(len(views)) if index not in reasons]
    if len(left) <= FEWEST_OTHERS:
        return reasons
    quantiles = np.quantile(_others(areas[left]), (SMALL_QUANTILE, 0.5, LARGE_QUANTILE), axis=1)
    for index, (small, median, large) in zip(left, quantiles.T, strict=True):
        if areas[index] > max(LARGEST_AREA_OF_LARGE * large, LARGEST_AREA_OF_SMALL * small):
            reasons[index] = (
                "too large for a chromosome of this cell "
                f"({areas[index] / median:.1f} times the median area of the others)"
            )
        elif views[index].apart_px >= PIECE_SHARE_OF_SMALL * small:
            reasons[index] = _several(2)
    return reasons


def _others(values: np.ndarray) -> np.ndarray:
    """Return the other values beside each value of [N], [N,N-1]."""
    count = len(values)
    return np.tile(values, (count, 1))[~np.eye(count, dtype=bool)].reshape(count, count - 1)


def _width_px(piece: np.ndarray) -> float:
    """Return the diameter of the largest disc inside bool[H,W]; holes are outside."""
    return 2 * float(ndimage.distance_transform_edt(pad(piece, 1)).max()) - 1


def _is_drawn(content: np.ndarray, piece: np.ndarray) -> bool:
    """Return whether a program drew a piece: of thin lines or at one grey level."""
    inner = ndimage.binary_erosion(pad(piece, 1), _EIGHT_NEIGHBOURS)[1:-1, 1:-1]
    if inner.sum() < THIN_SHARE * piece.sum():
        return True
    grey = content[inner]
    reach = max(1, round(FLAT_LEVELS * percentile(grey, 99.5)))
    counts = np.bincount(grey, minlength=256)
    return bool(np.convolve(counts, np.ones(2 * reach + 1)).max() > FLAT_SHARE * grey.size)


def _is_straight(piece: np.ndarray) -> bool:
    """Return whether a piece covers all four sides of its box."""
    rows, columns = ndimage.find_objects(piece.astype(np.uint8))[0]
    box = piece[rows, columns]
    sides = (box[0], box[-1], box[:, 0], box[:, -1])
    return all(side.mean() >= STRAIGHT_SHARE for side in sides)


def _linked(content: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Return what is connected with the largest piece above the noise, by pale stalks too."""
    components, _ = ndimage.label(content > BACKGROUND_NOISE_LEVEL, structure=_EIGHT_NEIGHBOURS)
    return components == components[tuple(np.argwhere(largest)[0])]


def _apart(
    labels: np.ndarray, areas: np.ndarray, objects: np.ndarray, *, linked: np.ndarray
) -> list[int]:
    """Return the objects that are no part of the largest one, the largest first.

    A part of the same chromosome, split off by the threshold at a pale band or the centromere,
    continues it at the same width; a satellite is small and hangs on a stalk.
    """
    whole = labels == objects[0]
    apart = []
    for number in objects[1:]:
        piece = labels == number
        is_satellite = areas[number] <= SATELLITE_SHARE * areas[objects[0]] and linked[piece].any()
        if is_satellite or _continues(whole, piece):
            whole = whole | piece
        else:
            apart.append(int(number))
    return apart


def _continues(whole: np.ndarray, piece: np.ndarray) -> bool:
    """Return whether a piece lies close to an end of another, in its direction."""
    width = max(_width_px(whole), _width_px(piece))
    to_whole = ndimage.distance_transform_edt(~whole)
    gap = float(to_whole[piece].min()) - 1
    if gap > LARGEST_GAP * width:
        return False
    to_piece = ndimage.distance_transform_edt(~piece)
    across = np.subtract(
        *(
            np.argwhere(one & (distance <= gap + 1 + FACING_PX)).mean(axis=0)
            for one, distance in ((piece, to_whole), (whole, to_piece))
        )
    )
    across = across / np.linalg.norm(across)
    if any(
        abs(across @ axis) < LEAST_COSINE
        for axis in (_axis(whole), _axis(piece))
        if axis is not None
    ):
        return False
    # Closing the gap fills what lies between pieces side by side.
    reach = gap / 2 + 1
    margin = int(reach) + 2
    near = ndimage.distance_transform_edt(~pad(whole | piece, margin)) <= reach
    closed = ndimage.distance_transform_edt(near) > reach
    return _width_px(closed) <= LARGEST_WIDENING * width


def _axis(piece: np.ndarray) -> np.ndarray | None:
    """Return the direction f64[2] in which a piece is longest; None for a roundish one."""
    spread, directions = np.linalg.eigh(np.cov(np.argwhere(piece).T))
    return directions[:, 1] if spread[1] > LEAST_LONG**2 * spread[0] else None
