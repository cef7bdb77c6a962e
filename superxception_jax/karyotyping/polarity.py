"""Class and polarity from a network that predicts both: p arm up, or turned by 180°."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import check

# Nodes of equal weight under Jeffreys' prior of the share, Beta(1/2, 1/2): most cells have all
# images one way up, or any. This Gauss-Chebyshev rule is exact for cells of up to 255 images.
_SHARES = np.sin((np.arange(128) + 0.5) * np.pi / 256) ** 2


@dataclass(frozen=True)
class Polarity:
    """What is known about class and polarity of the images of a cell.

    Attributes:
        joint: f64[N,2C], joint log-probabilities: class c upright in column c, class c turned by
            180° in column C + c.
        turned_share: Share of the images that is upside down, given or expected, 0..1.
    """

    joint: np.ndarray
    turned_share: float

    @property
    def classes(self) -> np.ndarray:
        """Return the log-probabilities of the classes, f32[N,C]."""
        upright, turned = np.split(self.joint, 2, axis=1)
        return np.logaddexp(upright, turned).astype(np.float32)

    @property
    def turned(self) -> np.ndarray:
        """Return the probability f64[N] that each image is upside down, whatever its class."""
        return np.exp(np.logaddexp.reduce(np.split(self.joint, 2, axis=1)[1], axis=1))

    def turned_given(self, classes: np.ndarray) -> np.ndarray:
        """Return the probability that each image is upside down, given what is known of its class.

        Where two classes of opposite polarity look alike, the rest of the cell tells them apart.

        Args:
            classes: f64[N,C], probabilities of the classes of each image.

        Returns:
            f64[N].
        """
        upright, turned = np.split(self.joint, 2, axis=1)
        check(classes=(classes, "f64[N,C]"), upright=(upright, "f64[N,C]"))
        return np.sum(classes / (1.0 + np.exp(np.clip(upright - turned, -700, 700))), axis=1)


def weigh_polarity(log_probabilities: np.ndarray, *, turned_share: float | None) -> Polarity:
    """Return class and polarity of the images of a cell under a share of turned images.

    The network was trained on as many turned as upright images; by Bayes' rule the share replaces
    that one half. A share that is not given is the cell's own: all shares count, each by how
    likely it makes the images of the cell.

    Args:
        log_probabilities: f32[N,2C], joint log-probabilities: class c upright in column c, class
            c turned by 180° in column C + c.
        turned_share: Share of the images that is upside down, in (0, 1); None to leave it to the
            images.

    Raises:
        ValueError: The number of columns is odd, or the share is not inside (0, 1).

    Source: Bayes' rule; the prior of the share is Jeffreys'.
    """
    columns = check(log_probabilities=(log_probabilities, "f32[N,D]"))["D"]
    if columns % 2 or not (turned_share is None or 0 < turned_share < 1):
        raise ValueError(
            "`log_probabilities` must have two columns per class and `turned_share` must be "
            f"between 0 and 1, got {columns} columns and {turned_share}; correct them."
        )
    joint = log_probabilities.astype(np.float64)
    if turned_share is None:
        weights, share = _average_over_shares(joint)
    else:
        share = turned_share
        weights = np.log([[1.0 - share, share]])
    joint = joint + np.repeat(weights, columns // 2, axis=1)
    return Polarity(joint - np.logaddexp.reduce(joint, axis=1, keepdims=True), share)


def separate_polarity(
    log_probabilities: np.ndarray, *, turned_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the class probabilities and the polarity from joint predictions of both.

    Args:
        log_probabilities: f32[N,2C], see `weigh_polarity`.
        turned_share: Share of the images that is upside down, in (0, 1).

    Returns:
        Log-probabilities of the classes f32[N,C], and the probability f64[N] that each image is
        upside down.

    Raises:
        ValueError: The number of columns is odd, or the share is not inside (0, 1).
    """
    found = weigh_polarity(log_probabilities, turned_share=turned_share)
    return found.classes, found.turned


def read_classes(
    log_probabilities: np.ndarray,
    *,
    cells: np.ndarray,
    upright: np.ndarray,
    turned_share: float,
) -> np.ndarray:
    """Return the log-probabilities of the classes of many cells.

    Args:
        log_probabilities: f32[N,2C], see `weigh_polarity`.
        cells: str[N], cell of each image; all images of a cell must be present.
        upright: bool[N], whether the p arm is known to point up.
        turned_share: Expected share of upside-down images in cells that are known to be upright, in
            (0, 1); in others the images tell.

    Returns:
        f32[N,C].
    """
    check(
        log_probabilities=(log_probabilities, "f32[N,D]"),
        cells=(cells, "any[N]"),
        upright=(upright, "bool[N]"),
    )
    classes = weigh_polarity(log_probabilities, turned_share=turned_share).classes
    members: dict[str, list[int]] = {}
    for index in np.flatnonzero(~upright).tolist():
        members.setdefault(str(cells[index]), []).append(index)
    for some in members.values():
        classes[some] = weigh_polarity(log_probabilities[some], turned_share=None).classes
    return classes


def _average_over_shares(joint: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the log weights f64[N,2] of upright and turned, and the expected share."""
    upright, turned = (np.logaddexp.reduce(half, axis=1) for half in np.split(joint, 2, axis=1))
    up, down = np.log1p(-_SHARES), np.log(_SHARES)
    likelihoods = np.logaddexp(upright[:, None] + up, turned[:, None] + down)
    posterior = likelihoods.sum(axis=0)
    posterior -= np.logaddexp.reduce(posterior)
    relative = posterior - likelihoods
    weights = [np.logaddexp.reduce(relative + side, axis=1) for side in (up, down)]
    return np.stack(weights, axis=1), float(np.exp(posterior) @ _SHARES)
