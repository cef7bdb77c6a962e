"""Main direction and medial axis of a chromosome.

Points are (row, column) in pixels, the centre of the first pixel at (0, 0).
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.polynomial import chebyshev
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import ConvexHull

from superxception_jax.arrays import check
from superxception_jax.data.normalization.straighten import axis_points, project_to_axis
from superxception_jax.data.small_arrays import pad

# Below this ratio of the two standard deviations, a blob or a U has no main direction.
LEAST_ELONGATION = 1.25
# Below this one, the mask may be a U: its two ends say more than its moments.
LEAST_STRAIGHT_ELONGATION = 1.5
# Ratio of length to width from which a bend is followed: in a convex outline, where it can't be
# distinguished from rounded corners below that, and in one with a dent between two arms.
LEAST_CONVEX_RATIO = 3.0
LEAST_DENTED_RATIO = 2.0
# Least share of its convex hull that a mask without such a dent fills.
LEAST_CONVEX_SHARE = 0.87
# Depth of a slit between two touching arms, in widths of the chromosome; it covers little of the
# hull. Constrictions stay below a third.
LEAST_SLIT_DEPTH = 0.5
HIGHEST_DEGREE = 6
SLIT_DEGREES = 1
# Share of the width left out of the fit at both ends, where the outline is round.
END_SHARE = 0.4
AXIS_STEP_PX = 0.5
_REFINEMENTS = 3
_RANK_TOLERANCE = 1e-12
# Steps (down, right) to the pixels around one, in the order of the image.
_NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
_STEP_PX = np.hypot(*np.transpose(_NEIGHBOURS))


def main_direction(mask: np.ndarray) -> np.ndarray:
    """Return the direction from top to bottom along which the mask is longest.

    The p arms of the data sets point up, and the smallest turn keeps them up. The moments of a U
    or a round mask say nothing, so it is left as it is rather than turned at random.

    Args:
        mask: bool[H,W], pixels of one component.

    Returns:
        f64[2], a unit vector (down, right) with down >= 0: the main axis of the second moments,
        or straight down where the mask is less elongated than `LEAST_ELONGATION`.
    """
    check(mask=(mask, "bool[H,W]"))
    return _main_direction(*np.linalg.eigh(_second_moments(mask)))


def upright_direction(mask: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return the direction that becomes the vertical when the tilt is removed.

    Args:
        mask: bool[H,W], pixels of one component.
        axis: f64[K,2], medial axis of the mask.

    Returns:
        f64[2], a unit vector (down, right) with down >= 0: `main_direction`; for masks less
        elongated than `LEAST_STRAIGHT_ELONGATION` the chord between the ends of the axis,
        because the moments of a U run across its arms and would hide which arm is up.
    """
    check(mask=(mask, "bool[H,W]"), axis=(axis, "f64[K,2]"))
    variances, directions = np.linalg.eigh(_second_moments(mask))
    if _elongation(variances) >= LEAST_STRAIGHT_ELONGATION:
        return _main_direction(variances, directions)
    chord = axis[-1] - axis[0]
    return chord / np.hypot(*chord)


def row_ends(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last pixel of each row of a mask, between which the others lie.

    Args:
        mask: bool[H,W].

    Returns:
        i64[R,2] and i64[R,2], (row, column) for each row that has pixels.

    >>> row_ends(np.array([[0, 0, 0], [0, 1, 1]], bool))
    (array([[1, 1]]), array([[1, 2]]))
    """
    rows = np.flatnonzero(mask.any(axis=1))
    firsts = mask[rows].argmax(axis=1)
    lasts = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    return np.stack([rows, firsts], axis=-1), np.stack([rows, lasts], axis=-1)


def tilt_degrees(direction: np.ndarray) -> float:
    """Return the tilt of a direction from the vertical.

    Args:
        direction: f64[2], unit vector (down, right).

    Returns:
        Degrees in [-90, 90]; positive where the top leans to the right.

    >>> tilt_degrees(np.array([0.5**0.5, -(0.5**0.5)]))
    45.0
    """
    check(direction=(direction, "f64[2]"))
    down, right = direction
    return float(np.degrees(np.arctan2(-right, down)))


def medial_axis(mask: np.ndarray) -> np.ndarray:
    """Return the medial axis from the top end to the bottom end of the mask.

    Every pixel gets a position along the chromosome: its projection onto the main direction or,
    where the outline has a dent between two arms, half the difference of its geodesic distances
    to the two ends. The axis is a polynomial of the position, fitted to all pixels; the positions
    are then refined by projection onto it. Unlike a skeleton it has no spurs and needs no
    pruning, even on masks of 20 px. Beyond the fitted part it is continued straight to the ends.

    A mask shorter than `LEAST_CONVEX_RATIO` widths gets a straight axis along `main_direction`.
    The limit is `LEAST_DENTED_RATIO` for a mask that fills less than `LEAST_CONVEX_SHARE` of its
    convex hull or, as where two arms touch, has a slit deeper than `LEAST_SLIT_DEPTH` widths.

    Sharma et al. (CVPRW 2017) instead split the chromosome at one bend, turn the two arms and
    fill the gap with row means; a curve through all pixels follows any bend and leaves no gap.

    Args:
        mask: bool[H,W], pixels of one component.

    Returns:
        f64[K,2], points at most `AXIS_STEP_PX` apart, the upper end first.

    Raises:
        ValueError: The mask is empty or has several components.
    """
    check(mask=(mask, "bool[H,W]"))
    points = np.argwhere(mask).astype(np.float64)
    if len(points) == 0:
        raise ValueError("`mask` must mark a component, got no pixel; find a component first.")
    graph, from_end = _geodesics(mask)
    if not np.isfinite(from_end).all():
        raise ValueError("`mask` must be one component, got several; keep the largest.")
    length = from_end.max() + 1
    ratio = length**2 / len(points)
    hull = _hull(mask)
    dented = len(points) < LEAST_CONVEX_SHARE * hull.volume
    # A deep dent of small area: a gap between two touching arms.
    slit = not dented and _dent_depth(mask, hull) > LEAST_SLIT_DEPTH * len(points) / length
    dented = dented or slit
    if ratio < (LEAST_DENTED_RATIO if dented else LEAST_CONVEX_RATIO):
        centre, direction = points.mean(axis=0), main_direction(mask)
        along = (points - centre) @ direction
        curve = centre + _steps(along.min() - 0.5, along.max() + 0.5)[:, None] * direction
    else:
        if dented:
            position = (from_end - dijkstra(graph, indices=from_end.argmax())) / 2
        else:
            # Geodesics start in corners; without a dent the main direction fits better.
            position = points @ main_direction(mask)
        # A bend takes a length of one and a half widths; a higher degree would follow the noise.
        # At a slit, the paths inside the mask cut the bend short and understate its sharpness.
        degree = min(max(2, round(ratio / 1.5)) + (SLIT_DEGREES if slit else 0), HIGHEST_DEGREE)
        for _ in range(_REFINEMENTS):
            curve = _fit(points, position, degree)
            position, _ = project_to_axis(points, curve)
        keep = _steps(position.min() - 0.5, position.max() + 0.5)
        curve = axis_points(curve, along_px=keep, across_px=np.zeros_like(keep))
    return curve if curve[0, 0] <= curve[-1, 0] else curve[::-1].copy()


def _second_moments(mask: np.ndarray) -> np.ndarray:
    """Return the second central moments f64[2,2] of the mask, each pixel a unit square."""
    # `np.cov` takes longer than its sums.
    places = np.stack(np.nonzero(mask)).astype(np.float64)
    places -= places.mean(axis=1, keepdims=True)
    return places @ places.T * (1 / places.shape[1]) + np.eye(2) / 12


def _elongation(variances: np.ndarray) -> float:
    """Return the ratio of the larger to the smaller standard deviation, of variances f64[2]."""
    smaller, larger = variances
    return float(np.sqrt(larger / smaller))


def _main_direction(variances: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return `main_direction` from the second moments' eigenvalues and eigenvectors."""
    if _elongation(variances) < LEAST_ELONGATION:
        return np.array([1.0, 0.0])
    direction = directions[:, 1]
    return direction if direction[0] >= 0 else -direction


def _hull(mask: np.ndarray) -> ConvexHull:
    """Return the convex hull of the mask's pixels, each a unit square."""
    left, right = row_ends(mask)
    ends = np.concatenate([left, right + np.array([0, 1])])
    return ConvexHull(np.concatenate([ends, ends + np.array([1, 0])]))


def _dent_depth(mask: np.ndarray, hull: ConvexHull) -> float:
    """Return how deep inside the hull a pixel outside the mask can be."""
    centres = np.stack(np.nonzero(~mask)) + 0.5
    outside = (hull.equations[:, :2] @ centres + hull.equations[:, 2:]).max(axis=0)
    return float(max(0.0, (-outside).max(initial=0.0)))


def _geodesics(mask: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Return the graph of the pixels, and the distance of each from one of the two furthest ends.

    Diagonals don't cross a slit whose pixels touch by corners, unless the mask would fall apart.
    """
    for over_corners in (False, True):
        graph = _pixel_graph(mask, over_corners=over_corners)
        from_end = dijkstra(graph, indices=dijkstra(graph, indices=0).argmax())
        if np.isfinite(from_end).all():
            break
    return graph, from_end


def _pixel_graph(mask: np.ndarray, *, over_corners: bool) -> csr_array:
    """Return the distances between neighbouring pixels of the mask, in the order of the pixels."""
    padded = pad(mask, 1)
    inside = np.flatnonzero(padded)
    index = np.zeros(padded.size, np.int32)
    index[inside] = np.arange(len(inside), dtype=np.int32)
    flat, row = padded.ravel(), padded.shape[1]
    # Each pixel with its neighbours in the order of their indices: the rows of a sparse matrix.
    # It holds both directions of every link, so that no search has to transpose it.
    there = inside[:, None] + np.array([down * row + right for down, right in _NEIGHBOURS])
    linked = flat[there]
    if not over_corners:
        for column, (down, right) in enumerate(_NEIGHBOURS):
            if down and right:
                linked[:, column] &= flat[inside + down * row] | flat[inside + right]
    starts = np.concatenate([[0], np.cumsum(linked.sum(axis=1))]).astype(np.int32)
    lengths = np.broadcast_to(_STEP_PX, linked.shape)
    return csr_array((lengths[linked], index[there[linked]], starts), (len(inside),) * 2)


def _fit(points: np.ndarray, position: np.ndarray, degree: int) -> np.ndarray:
    """Fit a polynomial of the position to the points, without its unsteady ends."""
    end_px = END_SHARE * len(points) / (np.ptp(position) + 1)
    low, high = position.min() + end_px, position.max() - end_px
    scaled = (2 * position - low - high) / (high - low)
    fitted = np.abs(scaled) <= 1 + 1e-9  # whole rows of an upright bar, in spite of rounding
    basis = chebyshev.chebvander(scaled[fitted], degree)
    # These polynomials are nearly orthogonal, so that their products lose no accuracy; where there
    # are fewer places than coefficients, their products are zero but for rounding.
    products = basis.T @ basis
    coefficients, *_ = np.linalg.lstsq(products, basis.T @ points[fitted], rcond=_RANK_TOLERANCE)
    return _evenly(max(3, int(np.ceil((high - low) / AXIS_STEP_PX))), degree) @ coefficients


@functools.lru_cache(maxsize=4096)
def _evenly(count: int, degree: int) -> np.ndarray:
    """Return the polynomials f64[count,degree + 1] at even steps from -1 to 1, read-only."""
    values = chebyshev.chebvander(np.linspace(-1, 1, count), degree)
    values.setflags(write=False)
    return values


def _steps(low: float, high: float) -> np.ndarray:
    """Divide a range into equal steps of at most `AXIS_STEP_PX`."""
    return np.linspace(low, high, 1 + max(1, int(np.ceil((high - low) / AXIS_STEP_PX))))
