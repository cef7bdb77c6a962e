"""The scale of a cell, from the lengths of all its chromosomes, also where the longest are missing.

Half of a cell is often all that can be cut out of a metaphase. The longest chromosome that is
there is then shorter than chromosome 1, and a length relative to it says the wrong thing of every
image. But the lengths of all chromosomes together are those of human ones at one scale only.
"""

from __future__ import annotations

import functools

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES, X, Y
from superxception_jax.data.bands import chromosome_length_units, load_bands

REFERENCES = ("longest", "lengths")
_WHOLE_CELL = 46
# Copies in a cell, the mean of both sexes.
_COPIES = {X: 1.5, Y: 0.5}
# Logarithm of the length of a chromosome: how far it is from that of its class, within a cell.
_SPREAD = 0.08
# Likelihood of a length that fits no chromosome, so that one wrong image doesn't decide.
_ANY_LENGTH = 1e-3
# Long chromosomes touch others more often: of a cell with a share m of its chromosomes missing, one
# of relative length r is there with a weight of 1 - 1.2 · m · r.
_MISSING_PER_LENGTH = 1.2
_LEAST_WEIGHT = 0.05
# Logarithm of the length of chromosome 1 relative to the longest that is there, maybe a clump.
_OFFSETS = np.linspace(-0.8, 0.9, 171)


@functools.cache
def class_lengths() -> np.ndarray:
    """Return the length of each class relative to chromosome 1, f64[24], read-only.

    Source: ISCN lengths of the ideograms, see `load_bands`.

    >>> class_lengths()[[0, 20]].round(2).tolist()
    [1.0, 0.21]
    """
    bands = load_bands(550)
    units = [chromosome_length_units(bands[name]) for name in CLASS_NAMES]
    lengths = np.array(units, np.float64) / units[0]
    lengths.setflags(write=False)
    return lengths


def estimate_reference_px(lengths_px: np.ndarray, *, classes: np.ndarray | None = None) -> float:
    """Return how long chromosome 1 is, or would be, in a cell.

    The mean over all scales, each weighted by how likely it makes all lengths: those of a mixture
    of the classes.

    Args:
        lengths_px: f64[N], medial-axis lengths of the chromosomes of one cell, at least one.
        classes: f64[N,24], what is known of the class of each; None where nothing is: each class
            counts as often as it may be there.

    Returns:
        The length in pixels.

    Raises:
        ValueError: There is no length, or one is not above 0.
    """
    count = check(lengths_px=(lengths_px, "f64[N]"))["N"]
    if count == 0 or not (lengths_px > 0).all():
        raise ValueError(
            f"`lengths_px` must be lengths above 0, got {lengths_px.tolist()}; measure a cell."
        )
    if classes is None:
        classes = np.tile(_expected_classes(count), (count, 1))
    check(lengths_px=(lengths_px, "f64[N]"), classes=(classes, "f64[N,C]"))
    logs, relative = np.log(lengths_px), class_lengths()
    # Lengths, offsets, classes; in place, because these arrays are large.
    expected = logs.max() + _OFFSETS[:, None] + np.log(relative)
    near = logs[:, None, None] - expected
    near *= near
    near *= -0.5 / _SPREAD**2
    np.exp(near, out=near)
    likelihoods = (near @ classes[:, :, None])[..., 0] + _ANY_LENGTH
    posterior = np.log(likelihoods).sum(axis=0)
    posterior = np.exp(posterior - posterior.max())
    return float(np.exp(logs.max() + (posterior @ _OFFSETS) / posterior.sum()))


def _expected_classes(count: int) -> np.ndarray:
    """Return how often each class is expected among some chromosomes of a cell, f64[24]."""
    missing, relative = max(0.0, 1 - count / _WHOLE_CELL), class_lengths()
    copies = np.array([_COPIES.get(label, 2.0) for label in range(len(relative))])
    weights = copies * np.maximum(1 - _MISSING_PER_LENGTH * missing * relative, _LEAST_WEIGHT)
    return weights / weights.sum()
